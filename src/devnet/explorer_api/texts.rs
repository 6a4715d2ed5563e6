//! The words of the reference for what is wrong with a value.

/// The reference's text for everything that has no length of a hash or address.
pub(crate) const WRONG_LENGTH: &str = "marshalled unlock hash is the wrong length";

/// How our texts begin, and what the reference says in their place.
const TEXTS: [(&str, &str); 13] = [
    // The reference checks no type; an address of another one is as good as mistyped.
    (
        "unknown address type",
        "provided unlock hash has an invalid checksum",
    ),
    (
        "the address has an invalid checksum",
        "provided unlock hash has an invalid checksum",
    ),
    ("an address has 78 characters", WRONG_LENGTH),
    (
        "an address of type 00",
        "provided unlock hash has an invalid checksum",
    ),
    ("negative value", "negative currency not allowed"),
    (
        "encoded value has the wrong length to be a hash",
        "encoded value has the wrong length to be a hash",
    ),
    ("invalid public key string", "invalid public key string"),
    ("invalid bot name", "invalid bot name"),
    // The limit is really 63; the reference's text speaks of another.
    (
        "the length of a bot name can maximum",
        "the length of a hostname can maximum be 127 bytes long",
    ),
    (
        "the length of a hostname can maximum",
        "the length of a hostname can maximum be 127 bytes long",
    ),
    ("invalid network address", "invalid network address"),
    ("nil hostname", "invalid network address"),
    ("invalid value: integer `-", "negative currency not allowed"),
];

/// Returns what the reference says in place of one of our own error texts.
pub(crate) fn reference_text(message: &str) -> String {
    let known = TEXTS.iter().find(|(ours, _)| message.starts_with(ours));
    if let Some((_, theirs)) = known {
        return (*theirs).to_owned();
    }
    match message
        .strip_prefix('`')
        .and_then(|rest| rest.split_once("` is not a number of units"))
    {
        Some((value, _)) => format!("math/big: cannot unmarshal \"{value}\" into a *big.Int"),
        None => message.to_owned(),
    }
}
