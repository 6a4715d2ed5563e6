//! The node's rules with its texts, and who can sign what.

use kosmos::tfchain::rules::{FulfillContext, check_condition, check_fulfilled, check_fulfillment};
use kosmos::tfchain::signing::SignError;
use kosmos::tfchain::transaction::{BotRegistration, StandardTransaction};
use kosmos::tfchain::{
    Amount, Condition, Fulfillment, Hash, Input, KeyPair, Output, Seed, SignTarget, Signature,
    SignaturePair, SwapContract, SwapSecret, Transaction, UnlockHash, UnlockType,
};

const TARGET: SignTarget = SignTarget::CoinInput(0);
const LATE: FulfillContext = FulfillContext {
    height: 1000,
    time: 1_600_000_000,
};

fn key(index: u64) -> KeyPair {
    Seed::from_entropy(&[3; 32]).expect("seed").key_pair(index)
}

fn spend() -> Transaction {
    Transaction::from(StandardTransaction {
        coin_inputs: vec![Input::unsigned(Hash::of(b"parent"))],
        coin_outputs: vec![Output::new(Amount::ONE_TFT, Condition::Nil)],
        miner_fees: vec![Amount::ONE_TFT],
        ..StandardTransaction::default()
    })
}

fn signed(condition: &Condition, keys: &[KeyPair], secret: Option<&SwapSecret>) -> Transaction {
    let mut transaction = spend();
    let hasher = transaction.signature_hasher().expect("hasher");
    for key in keys {
        transaction
            .sign(&hasher, TARGET, condition, key, secret)
            .expect("signs");
    }
    transaction
}

fn outcome(condition: &Condition, transaction: &Transaction, context: FulfillContext) -> String {
    let hasher = transaction.signature_hasher().expect("hasher");
    let input = transaction.coin_inputs().first().expect("input");
    match check_fulfilled(condition, &input.fulfillment, context, TARGET, &hasher) {
        Ok(()) => "ok".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn single_signatures() {
    let condition = Condition::from(key(0).unlock_hash());
    let mut transaction = signed(&condition, &[key(0)], None);
    assert_eq!(outcome(&condition, &transaction, LATE), "ok");
    let other = Condition::from(key(1).unlock_hash());
    assert_eq!(
        outcome(&other, &transaction, LATE),
        "single signature fulfillment provides wrong public key"
    );
    // A nil condition takes any key, but a good signature.
    assert_eq!(outcome(&Condition::Nil, &transaction, LATE), "ok");
    if let Transaction::Standard(body) = &mut transaction {
        body.coin_outputs[0].value = Amount::from_units(2);
    }
    for condition in [&condition, &Condition::Nil] {
        assert_eq!(outcome(condition, &transaction, LATE), "invalid signature");
    }
    let unsigned = spend();
    assert_eq!(
        outcome(&condition, &unsigned, LATE),
        "unexpected unlock fulfillment"
    );
}

#[test]
fn time_locks() {
    let open = Condition::from(key(0).unlock_hash());
    let transaction = signed(&open, &[key(0)], None);
    for (lock, context, expected) in [
        (1000, LATE, "ok"),
        (1001, LATE, "time lock has not yet been reached"),
        (1_600_000_000, LATE, "ok"),
        (1_600_000_001, LATE, "time lock has not yet been reached"),
    ] {
        let condition = open.clone().locked_until(lock);
        assert_eq!(
            outcome(&condition, &transaction, context),
            expected,
            "{lock}"
        );
    }
}

#[test]
fn multi_signatures() {
    let owners = (0..3).map(|index| key(index).unlock_hash()).collect();
    let condition = Condition::multi_signature(owners, 2);
    for keys in [vec![0, 1], vec![2, 0], vec![0, 1, 2], vec![2, 2, 1]] {
        let keys: Vec<KeyPair> = keys.into_iter().map(key).collect();
        let transaction = signed(&condition, &keys, None);
        assert_eq!(outcome(&condition, &transaction, LATE), "ok");
    }
    let mut transaction = signed(&condition, &[key(1)], None);
    assert_eq!(
        outcome(&condition, &transaction, LATE),
        "not enough signatures"
    );
    // The same owner twice, and one who is no owner.
    let Fulfillment::MultiSignature(pairs) = &mut transaction.coin_inputs_mut()[0].fulfillment
    else {
        panic!("pairs");
    };
    pairs.push(pairs[0].clone());
    let not_allowed = "public key used which is not allowed to sign this input";
    assert_eq!(outcome(&condition, &transaction, LATE), not_allowed);
    let stranger = SignaturePair::unsigned(*key(7).public_key());
    let mut transaction = signed(&condition, &[key(1)], None);
    let Fulfillment::MultiSignature(pairs) = &mut transaction.coin_inputs_mut()[0].fulfillment
    else {
        panic!("pairs");
    };
    pairs.push(stranger);
    assert_eq!(outcome(&condition, &transaction, LATE), not_allowed);
}

#[test]
fn who_can_sign() {
    let mut transaction = spend();
    let hasher = transaction.signature_hasher().expect("hasher");
    let secret = SwapSecret::from_bytes([9; 32]);
    let swap = Condition::AtomicSwap(SwapContract {
        sender: key(0).unlock_hash(),
        receiver: key(1).unlock_hash(),
        hashed_secret: secret.hashed(),
        time_lock: 1_500_000_000,
    });
    let other = SwapSecret::from_bytes([8; 32]);
    let single = Condition::from(key(0).unlock_hash());
    let multi = Condition::for_recipients(&[key(0).unlock_hash(), key(1).unlock_hash()]);
    let mut sign = |condition: &Condition, index, secret: Option<&SwapSecret>| {
        transaction
            .sign(&hasher, TARGET, condition, &key(index), secret)
            .map(|()| String::from("ok"))
            .unwrap_or_else(|error| error.to_string())
    };
    assert_eq!(sign(&swap, 0, None), "ok");
    assert_eq!(sign(&swap, 1, Some(&secret)), "ok");
    assert!(sign(&swap, 1, Some(&other)).contains("not the one of this atomic swap"));
    assert!(sign(&swap, 1, None).contains("needs the secret"));
    assert!(sign(&swap, 0, Some(&secret)).contains("cannot unlock this output"));
    assert!(sign(&swap, 2, None).contains("cannot unlock this output"));
    assert!(sign(&single, 1, None).contains(&key(0).unlock_hash().to_string()));
    assert!(sign(&multi, 2, None).contains("belongs to its owners"));
    assert_eq!(sign(&Condition::Nil, 5, None), "ok");
    let contract = UnlockHash::new(UnlockType::AtomicSwap, Hash::of(b"x"));
    assert!(sign(&Condition::UnlockHash(contract), 0, None).contains("cannot be unlocked"));

    let refund = signed(&swap, &[key(0)], None);
    assert_eq!(outcome(&swap, &refund, LATE), "ok");
    let early = FulfillContext {
        height: 1000,
        time: 1_500_000_000,
    };
    assert_eq!(
        outcome(&swap, &refund, early),
        "contract cannot yet be refunded"
    );

    let mut transaction = spend();
    for target in [
        SignTarget::CoinInput(1),
        SignTarget::BlockStakeInput(0),
        SignTarget::MintFulfillment,
        SignTarget::Bot,
        SignTarget::Erc20Registration,
    ] {
        let before = transaction.clone();
        let error = transaction
            .sign(&hasher, target, &single, &key(0), None)
            .expect_err("no such input");
        assert!(
            matches!(
                error,
                SignError::NoSuchInput(_) | SignError::NoSuchSignature(_)
            ),
            "{error}"
        );
        assert_eq!(transaction, before);
    }
}

#[test]
fn extension_signatures() {
    let mut transaction = Transaction::from(BotRegistration {
        names: vec!["alpha1".parse().expect("name")],
        months: 1,
        ..BotRegistration::default()
    });
    transaction
        .sign_extension(SignTarget::Bot, &key(4))
        .expect("signs");
    let hasher = transaction.signature_hasher().expect("hasher");
    let check =
        |index: u64| transaction.check_extension(&hasher, SignTarget::Bot, key(index).public_key());
    assert_eq!(check(4), Ok(()));
    assert_eq!(
        check(5).expect_err("other").to_string(),
        "invalid signature"
    );
}

#[test]
fn fulfillments_that_are_not_standard() {
    let texts: Vec<String> = [
        Fulfillment::Nil,
        Fulfillment::single(*key(0).public_key()),
        Fulfillment::single(Default::default()),
        Fulfillment::SingleSignature(SignaturePair {
            public_key: *key(0).public_key(),
            signature: Signature::from_bytes([0; 63]),
        }),
        Fulfillment::MultiSignature(Vec::new()),
    ]
    .iter()
    .map(|fulfillment| {
        check_fulfillment(fulfillment)
            .expect_err("not standard")
            .to_string()
    })
    .collect();
    assert_eq!(
        texts,
        [
            "nil fulfillment type",
            "invalid signature size in transaction",
            "unrecognized public key type in transaction",
            "invalid signature size in transaction",
            "At least one pair must be provided",
        ]
    );
}

#[test]
fn conditions_that_are_not_standard() {
    let wallet = key(0).unlock_hash();
    let contract = UnlockHash::new(UnlockType::AtomicSwap, Hash::of(b"x"));
    let zero = UnlockHash::new(UnlockType::PublicKey, Hash::ZERO);
    let swap = SwapContract {
        sender: wallet,
        receiver: wallet,
        hashed_secret: Hash::of(b"x"),
        time_lock: 1,
    };
    for (condition, expected) in [
        (
            Condition::UnlockHash(zero),
            "nil crypto hash cannot be used as unlock hash",
        ),
        (
            Condition::AtomicSwap(SwapContract {
                sender: contract,
                ..swap
            }),
            "unsupported unlock hash sender type: 2",
        ),
        (
            Condition::AtomicSwap(SwapContract {
                receiver: UnlockHash::NIL,
                ..swap
            }),
            "unsupported unlock hash receiver type: 0",
        ),
        (
            Condition::AtomicSwap(SwapContract {
                sender: zero,
                ..swap
            }),
            "nil crypto hash cannot be used as unlock hash",
        ),
        (
            Condition::Nil.locked_until(0),
            "lock time has to be defined",
        ),
        (
            Condition::UnlockHash(contract).locked_until(5),
            "non-standard unlock hash type",
        ),
        (
            Condition::UnlockHash(zero).locked_until(5),
            "nil crypto hash cannot be used as unlock hash",
        ),
        (
            Condition::multi_signature(vec![wallet], 1).locked_until(5),
            "At least two unlockhashes must be provided which identifies to possible signatories",
        ),
    ] {
        let error = check_condition(&condition).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
    let legacy = Condition::UnlockHash(contract);
    assert_eq!(check_condition(&legacy), Ok(()));
}
