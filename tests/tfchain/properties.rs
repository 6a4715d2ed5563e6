//! Properties: round trips, and nothing panics whatever comes in.

use super::vectors::{bytes, list, load};
use kosmos::tfchain::encoding::{Decode, Decoder, Encode, Encoding};
use kosmos::tfchain::transaction::{
    AuthAddressUpdate, AuthConditionUpdate, BotNameTransfer, BotRecordUpdate, BotRegistration,
    BotSignature, CoinCreation, CoinDestruction, Erc20AddressRegistration, Erc20CoinCreation,
    Erc20Convert, Identification, LegacyTransaction, ListChange, MinterDefinition, Nonce,
    StandardTransaction,
};
use kosmos::tfchain::{
    Amount, AtomicSwapFulfillment, BotName, BotRecord, Condition, Erc20Address, Erc20Hash,
    Fulfillment, Hash, Input, NetworkAddress, Output, PublicKey, Seed, Signature, SignaturePair,
    SwapContract, Transaction, UnlockHash, UnlockType,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::sync::LazyLock;

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash::from_bytes)
}

fn unlock_hash() -> impl Strategy<Value = UnlockHash> {
    (0_u8..4, hash())
        .prop_map(|(kind, hash)| UnlockHash::new(UnlockType::from_byte(kind).expect("type"), hash))
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        any::<u64>().prop_map(|units| Amount::from_units(u128::from(units))),
        any::<u128>().prop_map(Amount::from_units),
        "[1-9][0-9]{0,200}".prop_map(|digits| Amount::parse_units(&digits).expect("digits")),
        Just(Amount::ZERO),
    ]
}

fn public_key() -> impl Strategy<Value = PublicKey> {
    prop_oneof![
        9 => any::<[u8; 32]>().prop_map(PublicKey::Ed25519),
        1 => Just(PublicKey::Nil),
    ]
}

fn signature() -> impl Strategy<Value = Signature> {
    prop_oneof![
        4 => full_signature(),
        1 => Just(Signature::EMPTY),
    ]
}

fn full_signature() -> impl Strategy<Value = Signature> {
    vec(any::<u8>(), 64).prop_map(Signature::from_bytes)
}

fn contract() -> impl Strategy<Value = SwapContract> {
    (unlock_hash(), unlock_hash(), hash(), any::<u64>()).prop_map(
        |(sender, receiver, hashed_secret, time_lock)| SwapContract {
            sender,
            receiver,
            hashed_secret,
            time_lock,
        },
    )
}

/// The terms of a legacy swap: in JSON, one that is nil would count as missing.
fn legacy_contract() -> impl Strategy<Value = SwapContract> {
    (hash(), hash(), hash(), 1..=u64::MAX).prop_map(
        |(sender, receiver, hashed_secret, time_lock)| SwapContract {
            sender: UnlockHash::new(UnlockType::PublicKey, sender),
            receiver: UnlockHash::new(UnlockType::PublicKey, receiver),
            hashed_secret,
            time_lock,
        },
    )
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        Just(Condition::Nil),
        unlock_hash().prop_map(Condition::UnlockHash),
        contract().prop_map(Condition::AtomicSwap),
        (vec(unlock_hash(), 0..6), any::<u64>())
            .prop_map(|(owners, minimum)| Condition::multi_signature(owners, minimum)),
    ];
    leaf.prop_recursive(3, 4, 1, |inner| {
        (inner, any::<u64>()).prop_map(|(inner, lock)| inner.locked_until(lock))
    })
}

fn pair() -> impl Strategy<Value = SignaturePair> {
    (public_key(), signature()).prop_map(|(public_key, signature)| SignaturePair {
        public_key,
        signature,
    })
}

fn fulfillment() -> impl Strategy<Value = Fulfillment> {
    prop_oneof![
        Just(Fulfillment::Nil),
        pair().prop_map(Fulfillment::SingleSignature),
        vec(pair(), 0..4).prop_map(Fulfillment::MultiSignature),
        (option::of(legacy_contract()), pair(), hash()).prop_map(|(contract, pair, secret)| {
            Fulfillment::AtomicSwap(AtomicSwapFulfillment {
                contract: contract.map(Box::new),
                public_key: pair.public_key,
                signature: pair.signature,
                secret,
            })
        }),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    (hash(), fulfillment()).prop_map(|(parent_id, fulfillment)| Input {
        parent_id,
        fulfillment,
    })
}

fn output() -> impl Strategy<Value = Output> {
    (amount(), condition()).prop_map(|(value, condition)| Output::new(value, condition))
}

fn bot_name() -> impl Strategy<Value = BotName> {
    "[A-Za-z][A-Za-z0-9-]{3,20}[a-z0-9](\\.[a-z][a-z0-9-]{3,10}[a-z0-9]){0,2}"
        .prop_map(|text| text.parse().expect("name"))
}

fn network_address() -> impl Strategy<Value = NetworkAddress> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(|octets| std::net::IpAddr::from(octets).into()),
        any::<[u8; 16]>().prop_map(|octets| std::net::IpAddr::from(octets).into()),
        "[A-Za-z0-9][A-Za-z0-9_-]{1,20}[A-Za-z0-9]\\.[a-z]{2,6}"
            .prop_map(|text| text.parse().expect("host name")),
    ]
}

fn standard() -> impl Strategy<Value = Transaction> {
    (
        vec(input(), 0..4),
        vec(output(), 0..4),
        vec(input(), 0..2),
        vec(output(), 0..2),
        vec(amount(), 0..3),
        vec(any::<u8>(), 0..90),
    )
        .prop_map(|parts| {
            Transaction::from(StandardTransaction {
                coin_inputs: parts.0,
                coin_outputs: parts.1,
                blockstake_inputs: parts.2,
                blockstake_outputs: parts.3,
                miner_fees: parts.4,
                arbitrary_data: parts.5,
            })
        })
}

fn minting() -> impl Strategy<Value = Transaction> {
    let nonce = any::<[u8; 8]>().prop_map(Nonce);
    let data = vec(any::<u8>(), 0..90);
    (
        any::<bool>(),
        nonce,
        fulfillment(),
        condition(),
        vec(output(), 0..4),
        vec(amount(), 0..3),
        data,
    )
        .prop_map(
            |(define, nonce, fulfillment, condition, outputs, fees, data)| {
                if define {
                    Transaction::from(MinterDefinition {
                        nonce,
                        mint_fulfillment: fulfillment,
                        mint_condition: condition,
                        miner_fees: fees,
                        arbitrary_data: data,
                    })
                } else {
                    Transaction::from(CoinCreation {
                        nonce,
                        mint_fulfillment: fulfillment,
                        coin_outputs: outputs,
                        miner_fees: fees,
                        arbitrary_data: data,
                    })
                }
            },
        )
}

fn bots() -> impl Strategy<Value = Transaction> {
    (
        (0_u8..3, any::<u32>(), any::<u32>(), 0_u8..32),
        (
            vec(network_address(), 0..15),
            vec(network_address(), 0..15),
            vec(bot_name(), 0..15),
            vec(bot_name(), 0..15),
        ),
        (amount(), vec(input(), 0..3), option::of(output())),
        (public_key(), full_signature(), signature()),
    )
        .prop_map(|(numbers, lists, money, keys)| {
            let (kind, id, other, months) = numbers;
            let (addresses, removed_addresses, names, removed_names) = lists;
            let (transaction_fee, coin_inputs, refund) = money;
            let (public_key, signature, other_signature) = keys;
            match kind {
                0 => Transaction::from(BotRegistration {
                    addresses,
                    names,
                    months,
                    transaction_fee,
                    coin_inputs,
                    refund,
                    identification: Identification {
                        public_key,
                        signature,
                    },
                }),
                1 => Transaction::from(BotRecordUpdate {
                    id,
                    addresses: ListChange {
                        add: addresses,
                        remove: removed_addresses,
                    },
                    names: ListChange {
                        add: names,
                        remove: removed_names,
                    },
                    months,
                    transaction_fee,
                    coin_inputs,
                    refund,
                    signature: other_signature,
                }),
                _ => Transaction::from(BotNameTransfer {
                    sender: BotSignature { id, signature },
                    receiver: BotSignature {
                        id: other,
                        signature: other_signature,
                    },
                    names,
                    transaction_fee,
                    coin_inputs,
                    refund,
                }),
            }
        })
}

fn convert() -> impl Strategy<Value = Transaction> {
    (
        any::<[u8; 20]>(),
        amount(),
        amount(),
        vec(input(), 0..3),
        option::of(output()),
    )
        .prop_map(|(address, value, transaction_fee, coin_inputs, refund)| {
            Transaction::from(Erc20Convert {
                address: Erc20Address::from_bytes(address),
                value,
                transaction_fee,
                coin_inputs,
                refund,
            })
        })
}

fn legacy_input() -> impl Strategy<Value = Input> {
    (hash(), option::of(contract()), pair(), hash()).prop_map(|(parent_id, terms, pair, secret)| {
        let fulfillment = match terms {
            None => Fulfillment::SingleSignature(pair),
            Some(terms) => Fulfillment::AtomicSwap(AtomicSwapFulfillment {
                contract: Some(Box::new(terms)),
                public_key: pair.public_key,
                signature: pair.signature,
                secret,
            }),
        };
        Input {
            parent_id,
            fulfillment,
        }
    })
}

fn legacy_output() -> impl Strategy<Value = Output> {
    (amount(), unlock_hash())
        .prop_map(|(value, address)| Output::new(value, Condition::UnlockHash(address)))
}

fn legacy() -> impl Strategy<Value = Transaction> {
    (
        vec(legacy_input(), 0..3),
        vec(legacy_output(), 0..3),
        vec(legacy_input(), 0..2),
        vec(legacy_output(), 0..2),
        vec(amount(), 0..3),
        vec(any::<u8>(), 0..90),
    )
        .prop_map(|parts| {
            Transaction::from(LegacyTransaction {
                coin_inputs: parts.0,
                coin_outputs: parts.1,
                blockstake_inputs: parts.2,
                blockstake_outputs: parts.3,
                miner_fees: parts.4,
                arbitrary_data: parts.5,
            })
        })
}

/// Versions 130, 176 and 177.
fn later() -> impl Strategy<Value = Transaction> {
    (
        0_u8..3,
        (vec(input(), 0..3), vec(output(), 0..3)),
        (vec(amount(), 0..3), vec(any::<u8>(), 0..90)),
        any::<[u8; 8]>().prop_map(Nonce),
        (vec(unlock_hash(), 0..4), vec(unlock_hash(), 0..4)),
        (condition(), fulfillment()),
    )
        .prop_map(|(kind, coins, rest, nonce, addresses, auth)| {
            let (miner_fees, arbitrary_data) = rest;
            match kind {
                0 => Transaction::from(CoinDestruction {
                    coin_inputs: coins.0,
                    coin_outputs: coins.1,
                    miner_fees,
                    arbitrary_data,
                }),
                1 => Transaction::from(AuthAddressUpdate {
                    nonce,
                    auth_addresses: addresses.0,
                    deauth_addresses: addresses.1,
                    arbitrary_data,
                    auth_fulfillment: auth.1,
                    miner_fees,
                }),
                _ => Transaction::from(AuthConditionUpdate {
                    nonce,
                    arbitrary_data,
                    auth_condition: auth.0,
                    auth_fulfillment: auth.1,
                    miner_fees,
                }),
            }
        })
}

/// Versions 209 and 210.
fn erc20() -> impl Strategy<Value = Transaction> {
    (
        any::<bool>(),
        (unlock_hash(), amount(), amount()),
        (any::<[u8; 32]>(), any::<[u8; 32]>()),
        pair(),
        (vec(input(), 0..3), option::of(output())),
    )
        .prop_map(
            |(created, (address, value, fee), ids, pair, (coin_inputs, refund))| {
                if created {
                    Transaction::from(Erc20CoinCreation {
                        address,
                        value,
                        transaction_fee: fee,
                        block_id: Erc20Hash::from_bytes(ids.0),
                        transaction_id: Erc20Hash::from_bytes(ids.1),
                    })
                } else {
                    Transaction::from(Erc20AddressRegistration {
                        public_key: pair.public_key,
                        signature: pair.signature,
                        registration_fee: value,
                        transaction_fee: fee,
                        coin_inputs,
                        refund,
                    })
                }
            },
        )
}

fn transaction() -> impl Strategy<Value = Transaction> {
    prop_oneof![
        legacy(),
        standard(),
        minting(),
        later(),
        bots(),
        convert(),
        erc20()
    ]
}

/// JSON of any shape, with the keys that mean something somewhere.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let keys = prop::sample::select(vec![
        "version",
        "Version",
        "type",
        "data",
        "DATA",
        "coininputs",
        "coinoutputs",
        "minerfees",
        "arbitrarydata",
        "parentid",
        "fulfillment",
        "unlocker",
        "condition",
        "value",
        "unlockhash",
        "unlockhashes",
        "minimumsignaturecount",
        "locktime",
        "timelock",
        "sender",
        "receiver",
        "hashedsecret",
        "publickey",
        "signature",
        "secret",
        "pairs",
        "nonce",
        "mintcondition",
        "mintfulfillment",
        "addresses",
        "names",
        "add",
        "remove",
        "nrofmonths",
        "txfee",
        "id",
        "refundcoinoutput",
        "identification",
        "address",
        "pubkey",
        "regfee",
        "blockid",
        "txid",
    ]);
    let versions = vec![
        0, 1, 2, 3, 4, 128, 129, 130, 144, 145, 146, 176, 177, 208, 209, 210, 211,
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        prop::sample::select(versions).prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        Just("AQIDBAUGBwg=".into()),
        Just("1000000000".into()),
        Just("".into()),
        public_key().prop_map(|key| key.to_string().into()),
        unlock_hash().prop_map(|address| address.to_string().into()),
        hash().prop_map(|hash| hash.to_string().into()),
        bot_name().prop_map(|name| name.to_string().into()),
        "\\PC{0,9}".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Into::into),
            vec((keys.clone(), inner), 0..6).prop_map(|entries| {
                let entries = entries
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value));
                serde_json::Value::Object(entries.collect())
            }),
        ]
    })
}

/// What could be read is written and read as the same.
fn settles<T>(json: &serde_json::Value)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    if let Ok(read) = serde_json::from_str::<T>(&json.to_string()) {
        through_json(&read);
    }
}

fn both_ways<T: Encode + Decode + PartialEq + std::fmt::Debug>(value: &T) {
    for encoding in [Encoding::Siabin, Encoding::Rivbin] {
        let bytes = value.to_bytes(encoding).expect("encodes");
        assert_eq!(&T::from_bytes(encoding, &bytes).expect("decodes"), value);
    }
}

fn through_json<T>(value: &T)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let text = serde_json::to_string(value).expect("prints");
    assert_eq!(&serde_json::from_str::<T>(&text).expect("reads"), value);
}

/// The binary forms of the vectors, to break them.
static BINARIES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let vectors = load("transactions.json");
    let cases = list(&vectors, "cases").iter();
    cases
        .map(|case| bytes(case, "binary"))
        .filter(|binary| binary.len() < 4000)
        .collect()
});

/// The JSON forms of the vectors, to break them.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let vectors = load("transactions.json");
    let cases = list(&vectors, "cases").iter();
    cases
        .map(|case| case["json"].to_string())
        .filter(|text| text.len() < 8000)
        .collect()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn unlock_hashes_round_trip(address in unlock_hash()) {
        both_ways(&address);
        through_json(&address);
        prop_assert_eq!(address.to_string().parse(), Ok(address));
        prop_assert_eq!(address.to_string().to_uppercase().parse(), Ok(address));
    }

    #[test]
    fn one_wrong_character_in_an_address_is_noticed(
        hash in hash(), place in 2_usize..78, digit in "[0-9a-f]"
    ) {
        let address = UnlockHash::new(UnlockType::PublicKey, hash).to_string();
        let mut wrong = address.clone();
        wrong.replace_range(place..=place, &digit);
        prop_assert_eq!(wrong.parse::<UnlockHash>().is_ok(), wrong == address);
    }

    #[test]
    fn amounts_round_trip(amount in amount()) {
        both_ways(&amount);
        through_json(&amount);
        prop_assert_eq!(Amount::parse_tft(&amount.to_string()), Ok(amount.clone()));
        prop_assert_eq!(Amount::parse_tft(&amount.with_unit()), Ok(amount.clone()));
        prop_assert_eq!(Amount::parse_units(&amount.units_text()), Ok(amount));
    }

    #[test]
    fn amounts_add_and_subtract(left in amount(), right in amount()) {
        let sum = &left + &right;
        prop_assert_eq!(sum.to_biguint(), left.to_biguint() + right.to_biguint());
        prop_assert_eq!(sum.checked_sub(&right), Some(left.clone()));
        prop_assert_eq!(left < right, left.to_biguint() < right.to_biguint());
        prop_assert_eq!(left.checked_sub(&right).is_some(), left >= right);
    }

    #[test]
    fn conditions_round_trip(condition in condition()) {
        both_ways(&condition);
        through_json(&condition);
        let _ = kosmos::tfchain::rules::check_condition(&condition);
    }

    #[test]
    fn the_order_of_owners_does_not_change_the_address(
        owners in vec(unlock_hash(), 0..8), minimum in any::<u64>()
    ) {
        let mut turned = owners.clone();
        turned.reverse();
        prop_assert_eq!(
            Condition::multi_signature(owners, minimum).unlock_hash(),
            Condition::multi_signature(turned, minimum).unlock_hash()
        );
    }

    #[test]
    fn fulfillments_round_trip(fulfillment in fulfillment()) {
        both_ways(&fulfillment);
        through_json(&fulfillment);
    }

    #[test]
    fn names_and_network_addresses_round_trip(name in bot_name(), address in network_address()) {
        both_ways(&name);
        through_json(&name);
        both_ways(&address);
        through_json(&address);
    }

    #[test]
    fn transactions_round_trip(transaction in transaction()) {
        let binary = transaction.binary().expect("encodes");
        let read = Transaction::from_binary(&binary);
        prop_assert_eq!(read.as_ref(), Ok(&transaction));
        through_json(&transaction);
        let ids = transaction.ids().expect("ids");
        prop_assert_eq!(Ok(ids.transaction), transaction.id());
        prop_assert_eq!(ids.coin_outputs.len(), transaction.coin_outputs().len());
    }

    #[test]
    fn any_json_is_an_answer_not_a_panic(
        json in any_json(), version in any::<u8>(), kind in 0_u8..5
    ) {
        settles::<Transaction>(&json);
        settles::<Condition>(&json);
        settles::<Fulfillment>(&json);
        settles::<Transaction>(&serde_json::json!({"version": version, "data": json}));
        settles::<Transaction>(&serde_json::json!({"data": json, "version": version}));
        settles::<Condition>(&serde_json::json!({"type": kind, "data": json}));
        settles::<Fulfillment>(&serde_json::json!({"type": kind, "data": json}));
    }

    #[test]
    fn unknown_versions_are_kept_byte_by_byte(
        version in 211_u8..=255, json in any_json(), space in " {0,3}",
        data in vec(any::<u8>(), 0..50)
    ) {
        let inner = json.to_string().replace(',', &format!("{space},{space}"));
        let text = format!("{{\"version\":{version},\"data\":{inner}}}");
        let read: Transaction = serde_json::from_str(&text).expect("any data");
        prop_assert_eq!(serde_json::to_string(&read).expect("prints"), text);
        let mut binary = vec![version];
        binary.extend(data);
        let read = Transaction::from_binary(&binary).expect("any data");
        prop_assert_eq!(read.binary(), Ok(binary));
    }

    #[test]
    fn entropy_and_phrases_round_trip(
        entropy in prop_oneof![Just(16_usize), Just(20), Just(24), Just(28), Just(32)]
            .prop_flat_map(|length| vec(any::<u8>(), length))
    ) {
        let seed = Seed::from_entropy(&entropy).expect("length");
        let again = Seed::from_phrase(&seed.phrase()).expect("own phrase");
        prop_assert_eq!(again.entropy(), entropy.as_slice());
    }

    #[test]
    fn any_text_is_an_answer_not_a_panic(text in "\\PC{0,90}") {
        let _ = text.parse::<Amount>();
        let _ = Amount::parse_units(&text);
        let _ = text.parse::<UnlockHash>();
        let _ = text.parse::<Hash>();
        let _ = text.parse::<PublicKey>();
        let _ = text.parse::<Signature>();
        let _ = text.parse::<Erc20Address>();
        let _ = text.parse::<kosmos::tfchain::Network>();
        let _ = Seed::from_phrase(&text);
        if let Ok(name) = text.parse::<BotName>() {
            both_ways(&name);
        }
        if let Ok(address) = text.parse::<NetworkAddress>() {
            both_ways(&address);
        }
    }

    #[test]
    fn any_bytes_are_an_answer_not_a_panic(data in vec(any::<u8>(), 0..300), version in any::<u8>()) {
        let mut transaction = vec![version];
        transaction.extend_from_slice(&data);
        if let Ok(read) = Transaction::from_binary(&transaction) {
            let _ = read.ids();
            let _ = serde_json::to_string(&read);
        }
        for encoding in [Encoding::Siabin, Encoding::Rivbin] {
            let _ = Condition::from_bytes(encoding, &data);
            let _ = Fulfillment::from_bytes(encoding, &data);
            let _ = BotRecord::from_bytes(encoding, &data);
            let _ = NetworkAddress::from_bytes(encoding, &data);
            let _ = Amount::from_bytes(encoding, &data);
            let _ = PublicKey::from_bytes(encoding, &data);
            let mut decoder = Decoder::new(encoding, &data).expect("small");
            let _ = decoder.list::<Output>();
        }
    }

    #[test]
    fn broken_transactions_are_an_answer_not_a_panic(
        which in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(),
        byte in any::<u8>(), cut in any::<bool>()
    ) {
        let mut binary = which.get(&BINARIES).clone();
        let at = place.index(binary.len());
        if cut {
            binary.truncate(at);
        } else if let Some(slot) = binary.get_mut(at) {
            *slot = byte;
        }
        if let Ok(read) = Transaction::from_binary(&binary) {
            let _ = read.ids();
            // What was read from binary can be written again, and read as the same.
            let again = read.binary().expect("encodes");
            prop_assert_eq!(Transaction::from_binary(&again), Ok(read));
        }
    }

    #[test]
    fn broken_json_is_an_answer_not_a_panic(
        which in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(),
        character in any::<char>(), cut in any::<bool>()
    ) {
        let text = which.get(&TEXTS);
        let mut text: Vec<char> = text.chars().collect();
        let at = place.index(text.len());
        if cut {
            text.truncate(at);
        } else if let Some(slot) = text.get_mut(at) {
            *slot = character;
        }
        let text: String = text.into_iter().collect();
        if let Ok(read) = serde_json::from_str::<Transaction>(&text) {
            let _ = read.ids();
            let _ = serde_json::to_string(&read);
        }
    }
}
