//! Pasted text with prompts in it.
use kosmos::dialect::paste;

#[test]
fn text_without_a_prompt_is_unchanged() {
    for text in ["", "a\nb\r\n", "... a", "x = 'JSX> '", "f(\n1)\n\n"] {
        assert_eq!(paste(text), text);
    }
}

#[test]
fn output_is_dropped_and_open_lines_are_kept() {
    let cases = [
        (
            "JSX> w.address\n'01d761'\nJSX> w.save()\n",
            "w.address\nw.save()",
        ),
        ("JSX>a\nJSX>  b", "a\n b"),
        ("intro\nJSX> a\nout", "a"),
        ("    JSX> a\n    out", "a"),
        (
            "JSX> f(\n  a=1,\n  b=[2])\nout(\nJSX> c",
            "f(\n  a=1,\n  b=[2])\nc",
        ),
        (
            "JSX> f(\n...  a=1\n...  )\n<object (open>\nJSX> c",
            "f(\na=1\n)\nc",
        ),
        ("JSX> f(\n... a=1)", "f(\na=1)"),
        (
            "JSX> s = \"\"\"\n@url = x\nJSX is fine\n\"\"\"\nout",
            "s = \"\"\"\n@url = x\nJSX is fine\n\"\"\"",
        ),
        (
            "JSX> fn f() {\n  1\n}\nJSX> f()\n1",
            "fn f() {\n  1\n}\nf()",
        ),
        ("JSX> a \\\n  + b\nout", "a \\\n  + b"),
        ("JSX> f(1,\nJSX> b", "f(1,\nb"),
        (
            "JSX> # is equivalent to (\nout\nJSX> b",
            "# is equivalent to (\nb",
        ),
        (
            "JSX> w.balance\nwallet it's balance\n0 TFT\nJSX> c",
            "w.balance\nc",
        ),
        ("JSX> \nJSX> a", "\na"),
        ("JSX> f(  # (\n1)\nout", "f(  # (\n1)"),
        ("JSX> x = 'it\nout", "x = 'it"),
    ];
    for (text, expected) in cases {
        assert_eq!(paste(text), expected, "{text:?}");
    }
}
