//! `addresses.json`: seed phrases, keys, addresses.

use super::vectors::{bytes, list, load, number, text};
use kosmos::tfchain::encoding::{Decode, Encode, Encoding};
use kosmos::tfchain::{
    Erc20Address, Hash, KeyPair, MnemonicError, PublicKey, Seed, Signature, verify_all,
};
use serde_json::Value;

fn check_keys(seed: &Seed, case: &Value, name: &str) {
    for key in list(case, "keys") {
        let index = number(key, "index");
        assert_eq!(
            hex::encode(*seed.secret_seed(index)),
            text(key, "secret_seed"),
            "{name} {index}"
        );
        let pair = seed.key_pair(index);
        let public = pair.public_key();
        assert_eq!(public.to_string(), text(key, "public_key"), "{name}");
        assert_eq!(text(key, "public_key").parse(), Ok(*public), "{name}");
        let address = seed.address(index);
        assert_eq!(address.to_string(), text(key, "address"), "{name} {index}");
        assert_eq!(address, pair.unlock_hash());
        if let Some(expected) = key["erc20_address"].as_str() {
            let erc20 = Erc20Address::from_unlock_hash(&address);
            assert_eq!(erc20.to_string(), expected, "{name} {index}");
            assert_eq!(expected.parse(), Ok(erc20));
            assert_eq!(expected.trim_start_matches("0x").parse(), Ok(erc20));
        }
        for (encoding, form) in [
            (Encoding::Siabin, "public_key_siabin"),
            (Encoding::Rivbin, "public_key_rivbin"),
        ] {
            if key[form].is_string() {
                let written = public.to_bytes(encoding).expect(form);
                assert_eq!(hex::encode(&written), text(key, form), "{name} {index}");
                assert_eq!(PublicKey::from_bytes(encoding, &written), Ok(*public));
            }
        }
    }
}

#[test]
fn phrases_give_the_chains_addresses() {
    let vectors = load("addresses.json");
    for key in ["seeds", "other_lengths"] {
        for case in list(&vectors, key) {
            let phrase = text(case, "mnemonic");
            let seed = Seed::from_phrase(phrase).expect(phrase);
            assert_eq!(seed.entropy(), bytes(case, "entropy"), "{phrase}");
            assert_eq!(seed.phrase().as_str(), phrase);
            check_keys(&seed, case, phrase);
            let again = Seed::from_entropy(&bytes(case, "entropy")).expect("entropy");
            assert_eq!(again.phrase().as_str(), phrase);
        }
    }
}

#[test]
fn phrase_checks() {
    let vectors = load("addresses.json");
    for case in list(&vectors, "phrase_checks") {
        let name = text(case, "name");
        let result = Seed::from_phrase(text(case, "input"));
        match (text(case, "rule"), result) {
            ("valid", Ok(seed)) => {
                assert_eq!(seed.entropy(), bytes(&case["chain"], "entropy"), "{name}");
            }
            ("valid", Err(error)) => panic!("{name}: {error}"),
            (_, Ok(_)) => panic!("{name} was accepted"),
            (_, Err(error)) => {
                // The kind of error follows from the case's name.
                let expected = match name {
                    name if name.contains("checksum") || name.contains("swapped") => "checksum",
                    "23 words" | "25 words" | "11 words" | "one word" | "empty" => "count",
                    _ => "word",
                };
                let got = match error {
                    MnemonicError::Checksum => "checksum",
                    MnemonicError::WordCount(_) => "count",
                    MnemonicError::UnknownWord { .. } => "word",
                    MnemonicError::EntropyLength(_) => "length",
                };
                assert_eq!(got, expected, "{name}");
            }
        }
    }
}

#[test]
fn a_wrong_word_is_named_with_the_nearest_ones() {
    let phrase = "hover turtle wrong reason agree snow alone notise warfare stereo between hunt \
                  lounge reason bomb make coast wheel quiz glue trash hawk happy person";
    let Err(error) = Seed::from_phrase(phrase) else {
        panic!("accepted");
    };
    assert_eq!(
        error.to_string(),
        "word 8 of the seed phrase, `notise`, is not in the word list; \
         did you mean noise, notice, nose?"
    );
    let nearest = |word: &str| match Seed::from_phrase(&phrase.replace("notise", word)) {
        Err(MnemonicError::UnknownWord { nearest, .. }) => nearest,
        _ => panic!("{word}"),
    };
    assert_eq!(nearest("Notice").first(), Some(&"notice"));
    assert_eq!(nearest("noti").first(), Some(&"notice"));
    assert_eq!(nearest("ntoice").first(), Some(&"notice"));
    assert!(nearest("qqqqqqq").is_empty());
    assert!(nearest(&"x".repeat(100_000)).is_empty());
}

#[test]
fn secrets_are_not_printed() {
    let pair = KeyPair::from_secret_seed(&[7; 32]);
    assert_eq!(
        format!("{pair:?}"),
        format!("KeyPair({}, ***)", pair.public_key())
    );
    let secret = kosmos::tfchain::SwapSecret::from_bytes([7; 32]);
    assert_eq!(format!("{secret:?}"), "SwapSecret(***)");
}

#[test]
fn public_key_texts_that_are_refused() {
    for text in [
        "",
        "ed25519",
        "ed25519:",
        "ed25519:00",
        "rsa:00",
        ":00",
        "00",
        "ed25519:zz7c3bbf0afe8bd8cdb4b1e9b1a8a4bbb7b7c3f0a4b4b0f1d1e1c1b1a1918171",
    ] {
        assert!(text.parse::<PublicKey>().is_err(), "{text}");
    }
    let zeros = format!(":{}", "0".repeat(64));
    assert_eq!(zeros.parse(), Ok(PublicKey::Nil));
    assert_eq!(":".parse(), Ok(PublicKey::Nil));
    assert_eq!(PublicKey::Nil.to_string(), ":");
}

#[test]
fn many_signatures_are_checked_together() {
    let seed = Seed::from_entropy(&[9; 32]).unwrap();
    let mut signed: Vec<(PublicKey, Hash, Signature)> = (0..70_u64)
        .map(|index| {
            let pair = seed.key_pair(index);
            let hash = Hash::of(&index.to_le_bytes());
            (*pair.public_key(), hash, pair.sign(&hash))
        })
        .collect();
    assert!(verify_all(&[]));
    assert!(verify_all(&signed[..1]));
    assert!(verify_all(&signed));
    // One that is another's, or of something else, is enough.
    let good = signed[40].clone();
    signed[40].2 = signed[41].2.clone();
    assert!(!verify_all(&signed));
    signed[40] = (good.0, Hash::of(b"else"), good.2.clone());
    assert!(!verify_all(&signed));
    signed[40] = (PublicKey::Nil, good.1, good.2.clone());
    assert!(!verify_all(&signed));
    signed[40] = (good.0, good.1, Signature::default());
    assert!(!verify_all(&signed));
    signed[40] = good;
    assert!(verify_all(&signed));
}
