//! `kosmos reference`, and the copy of it for those who read before they install.
use std::path::Path;

#[test]
fn the_reference_in_the_repository_is_what_the_program_prints() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reference.md");
    let (code, printed, err) = super::outcome(&super::Kosmos::new().run(&["reference"], ""));
    assert_eq!(code, 0, "{err}");
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = kept
        .lines()
        .zip(printed.lines())
        .position(|(kept, printed)| kept != printed);
    assert!(
        kept.trim_end() == printed.trim_end(),
        "examples/reference.md is not current (first difference in line {}); renew it with\n\n    \
         cargo run -q --locked -- reference > examples/reference.md\n",
        differs.map_or_else(
            || kept.lines().count().min(printed.lines().count()) + 1,
            |at| at + 1
        )
    );
}
