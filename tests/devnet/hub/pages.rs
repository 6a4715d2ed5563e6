//! Pages for a browser, and who may not use them.
use super::{config, files, get, start, upload};
use crate::devnet::client::request;

#[tokio::test]
async fn pages_show_what_there_is_and_no_markup_of_others() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let addr = hub.addr();
    let archive = files(&[("etc/<script>alert(1)</script>", b"x"), ("a\nb", b"y")]);
    upload(addr, "/upload", "app.tar.gz", &archive).await;
    get(addr, "/api/flist/me/app/link/latest").await;
    let preview = get(addr, "/Administrator/app.flist.md").await;
    assert!(preview.body.contains("&lt;script&gt;"), "{}", preview.body);
    for path in [
        "/",
        "/Administrator",
        "/search?q=app",
        "/search?q=%3Cscript%3E",
        "/upload",
        "/upload-flist",
        "/merge",
        "/docker-convert",
        "/login",
        "/Administrator/app.flist.md",
        "/Administrator/latest.flist.md",
    ] {
        let page = get(addr, path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{path}"
        );
        assert!(!page.body.contains("<script"), "{path}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'"), "{path}");
    }
    assert!(
        get(addr, "/search?q=app")
            .await
            .body
            .contains("Administrator/app.flist")
    );
    assert!(
        get(addr, "/merge")
            .await
            .body
            .contains("value=\"Administrator/app.flist\"")
    );
    for path in [
        "/nobody",
        "/Administrator/none.flist.md",
        "/a/b/c",
        "/api/x",
    ] {
        assert_eq!(get(addr, path).await.status, 404, "{path}");
    }
    for (method, path) in [
        ("PUT", "/upload"),
        ("POST", "/"),
        ("DELETE", "/api/flist/a/b"),
    ] {
        assert_eq!(
            request(addr, method, path, &[], b"").await.status,
            405,
            "{path}"
        );
    }
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let hub = start(config(dir.path())).await;
    let addr = hub.addr();
    upload(addr, "/upload", "app.tar.gz", &files(&[("x", b"x")])).await;
    let own = format!("http://{addr}");
    for (headers, status) in [
        (&[("Origin", "https://evil.example")][..], 403),
        (&[("Sec-Fetch-Site", "cross-site")][..], 403),
        (&[("Origin", "null")][..], 403),
        (&[("Host", "evil.example")][..], 403),
        (
            &[("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")][..],
            200,
        ),
    ] {
        let path = "/api/flist/me/app/link/latest";
        let answer = request(addr, "GET", path, headers, b"").await;
        assert_eq!(answer.status, status, "{headers:?}");
    }
}
