//! The start-up file of an image.
use kosmos::flist::MemoryBackend;
use kosmos::flist::image::{ConvertOptions, ImageConfig, Startup};
use serde_json::json;

use super::{ImageOf, LayerOf, content, opened};
use crate::flist::{json as vectors, text};

fn startup(config: serde_json::Value, keep_cmd: bool) -> Startup {
    let config: ImageConfig = serde_json::from_value(config).unwrap();
    Startup::of(&config, keep_cmd)
}

#[test]
fn recorded_files() {
    let recorded = vectors("startup_toml.json");
    for case in recorded.as_array().unwrap() {
        let config = case["image_config"].clone();
        let found = startup(config.clone(), false).to_toml();
        assert_eq!(found, text(case, "startup_toml"), "{config}");
    }
}

#[test]
fn every_file_is_toml() {
    let config = json!({
        "Entrypoint": ["a\u{0}\u{1}\u{7f}\t\r\u{8}\u{c}\"\\", "b"],
        "Env": ["=empty", "k=1", "k=2", "sp ace=1", "é=ü"],
        "WorkingDir": "/w\n",
    });
    let startup = startup(config, false);
    let read: toml::Value = toml::from_str(&startup.to_toml()).unwrap();
    let args = &read["startup"]["entry"]["args"];
    assert_eq!(
        args["name"].as_str().unwrap(),
        "a\u{0}\u{1}\u{7f}\t\r\u{8}\u{c}\"\\"
    );
    assert_eq!(args["dir"].as_str().unwrap(), "/w\n");
    let env = args["env"].as_table().unwrap();
    // Of a name that comes twice, the last value counts.
    assert_eq!(env["k"].as_str(), Some("2"));
    assert_eq!(env[""].as_str(), Some("empty"));
    assert_eq!(env["é"].as_str(), Some("ü"));
}

#[test]
fn the_dropped_command_can_be_put_back() {
    let config = json!({ "Entrypoint": ["/bin/app", "--port", "80"], "Cmd": ["more"] });
    let args = |keep| startup(config.clone(), keep).args.unwrap();
    assert_eq!(args(false), ["--port", "80"]);
    assert_eq!(args(true), ["--port", "80", "more"]);
    // Where it is not dropped, nothing comes twice.
    let config = json!({ "Entrypoint": ["/bin/app"], "Cmd": ["more"] });
    assert_eq!(startup(config, true).args.unwrap(), ["more"]);
    let config = json!({ "Entrypoint": ["/bin/app", "x"], "Cmd": null });
    assert_eq!(startup(config, true).args.unwrap(), ["x"]);
}

#[test]
fn an_image_without_a_command_gets_a_shell() {
    for config in [json!({}), json!({ "Entrypoint": [], "Cmd": [] })] {
        let startup = startup(config, false);
        assert_eq!(
            (startup.name.as_str(), startup.args),
            ("/bin/sh", Some(vec![]))
        );
        assert_eq!(startup.dir, "/");
    }
}

#[test]
fn it_is_in_the_tree_in_the_place_of_another() {
    let mut image = ImageOf::new(vec![LayerOf::default().file(".startup.toml", "another")]);
    image.config = json!({ "Entrypoint": ["/a", "b"], "Cmd": ["c"], "Env": ["X=1"] });
    let (_folder, image) = opened(&image);
    let backend = MemoryBackend::default();
    for (keep_cmd, args) in [(false, "[\"b\"]"), (true, "[\"b\", \"c\"]")] {
        let options = ConvertOptions {
            keep_cmd,
            ..ConvertOptions::default()
        };
        let converted = image
            .as_ref()
            .unwrap()
            .convert(Some(&backend), &options)
            .unwrap();
        let toml = content(&converted.tree, &backend, ".startup.toml");
        assert!(toml.contains(&format!("args = {args}\n")), "{toml}");
        assert_eq!(toml, converted.startup.to_toml());
        let node = converted.tree.get(b".startup.toml").unwrap();
        assert_eq!((node.meta.mode, node.meta.modified), (0o644, 1_600_000_000));
    }
}
