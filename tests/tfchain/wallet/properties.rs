//! Random balances: whatever they hold, drafts balance and keep every limit.
use kosmos::tfchain::wallet::{
    Balance, ChainPoint, KeyRing, MultiSigOwners, OutputSet, OutputState, Recipient,
    SelectionLimits, SendRequest, draft, sign_transaction,
};
use kosmos::tfchain::{
    Amount, Condition, Hash, MultiSignatureCondition, Network, Output, Seed, UnlockHash,
};
use proptest::prelude::*;

fn ring() -> KeyRing {
    KeyRing::new(Seed::from_entropy(&[3; 32]).unwrap(), 3).unwrap()
}

/// Outputs as (value, address number, confirmed, spent, lock).
type Drawn = Vec<(u64, usize, bool, bool, Option<u64>)>;

fn balance(drawn: &Drawn, keys: &KeyRing) -> Balance {
    let chain = ChainPoint {
        height: 100,
        time: 1_600_000_000,
        block_id: Hash::ZERO,
    };
    let mut balance = Balance::new(chain);
    let addresses = keys.addresses();
    for (index, (value, place, confirmed, spent, lock)) in drawn.iter().enumerate() {
        let mut condition = Condition::UnlockHash(addresses[place % addresses.len()]);
        if let Some(lock) = lock {
            condition = condition.locked_until(*lock);
        }
        let output = Output::new(Amount::from_units(u128::from(*value)), condition);
        balance
            .outputs
            .note(Hash::of(&index.to_le_bytes()), &output, *confirmed, *spent);
    }
    balance
}

fn drawn(most: usize) -> impl Strategy<Value = Drawn> {
    let lock = prop_oneof![4 => Just(None), 1 => (1..3_200_000_000_u64).prop_map(Some)];
    let value = prop_oneof![1..1_000_000_000_u64, 1..100_000_000_000_u64];
    prop::collection::vec(
        (
            value,
            0..3_usize,
            any::<bool>(),
            prop::bool::weighted(0.2),
            lock,
        ),
        0..most,
    )
}

fn recipient() -> Recipient {
    Recipient::Address(ring().primary())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn inputs_are_outputs_and_fee(drawn in drawn(250), amount in 1..200_000_000_000_u128, data in prop::collection::vec(any::<u8>(), 0..=83)) {
        let keys = ring();
        let balance = balance(&drawn, &keys);
        let request = SendRequest { data, ..SendRequest::to(recipient(), Amount::from_units(amount)) };
        let Ok(draft) = draft(&balance, &request, keys.primary(), Network::Testnet) else {
            return Ok(());
        };
        let inputs = draft.transaction.coin_inputs();
        let sum: Amount = inputs.iter().map(|input| &draft.parents[&input.parent_id].value).sum();
        let outputs: Amount = draft.transaction.coin_outputs().iter().map(|o| &o.value).sum();
        let fees: Amount = draft.transaction.miner_fees().iter().sum();
        prop_assert_eq!(sum, outputs + &fees);
        prop_assert!(draft.transaction.coin_outputs().iter().all(|o| !o.value.is_zero()));
        let mut ids: Vec<Hash> = inputs.iter().map(|input| input.parent_id).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), inputs.len());
        prop_assert!(inputs.len() <= 99);
        for id in &ids {
            let (_, output, state) = balance.outputs.iter().find(|(other, _, _)| other == id).unwrap();
            prop_assert!(matches!(state, OutputState::Unspent | OutputState::Unconfirmed));
            prop_assert!(!balance.chain.is_locked(&output.condition));
        }
        let signed = sign_transaction(draft.transaction, &draft.parents, None, &keys).unwrap();
        prop_assert!(signed.is_complete());
        prop_assert!(signed.transaction.binary().unwrap().len() <= 16_000);
    }

    #[test]
    fn funding_fails_only_when_it_must(drawn in drawn(90), amount in 1..200_000_000_000_u128) {
        let balance = balance(&drawn, &ring());
        let amount = Amount::from_units(amount);
        let all = balance.available() + &balance.unconfirmed();
        let funding = balance.fund(&amount, None, SelectionLimits::default());
        // Ninety outputs always fit, so the sum decides alone.
        prop_assert_eq!(funding.is_ok(), all >= amount, "{:?} of {}", funding, all);
    }

    #[test]
    fn draining_takes_everything_that_pays_its_fee(drawn in drawn(300), unconfirmed: bool) {
        let keys = ring();
        let balance = balance(&drawn, &keys);
        let fee: Amount = "0.1".parse().unwrap();
        let drafts = balance.drain(&recipient(), &fee, unconfirmed, b"", None, Network::Testnet).unwrap();
        let mut seen = std::collections::HashSet::new();
        for draft in &drafts {
            prop_assert!(draft.transaction.coin_inputs().len() <= 99);
            for input in draft.transaction.coin_inputs() {
                prop_assert!(seen.insert(input.parent_id));
            }
            let signed = sign_transaction(draft.transaction.clone(), &draft.parents, None, &keys).unwrap();
            prop_assert!(signed.is_complete());
            prop_assert!(signed.transaction.binary().unwrap().len() <= 16_000);
        }
        let mut all: Vec<&Amount> = balance.outputs_available().map(|(_, o)| &o.value).collect();
        if unconfirmed {
            all.extend(balance.outputs_unconfirmed_available().map(|(_, o)| &o.value));
        }
        // What stays behind would not have paid for a transaction of its own.
        let left = all.len() - seen.len();
        prop_assert!(left == 0 || drafts.iter().all(|d| !d.transaction.coin_inputs().is_empty()));
    }

    #[test]
    fn the_order_of_what_is_learned_does_not_matter(events in prop::collection::vec((0..6_u8, any::<bool>(), any::<bool>()), 0..40), seed: u64) {
        let output = Output::new(Amount::ONE_TFT, Condition::Nil);
        let note = |events: &[(u8, bool, bool)]| {
            let mut set = OutputSet::default();
            for (id, confirmed, spent) in events {
                set.note(Hash::of(&[*id]), &output, *confirmed, *spent);
            }
            let mut states: Vec<(Hash, OutputState)> = set.iter().map(|(id, _, state)| (id, state)).collect();
            states.sort();
            states
        };
        let mut shuffled = events.clone();
        shuffled.sort_by_key(|event| Hash::of(&[&seed.to_le_bytes()[..], &[event.0, event.1.into(), event.2.into()]].concat()));
        prop_assert_eq!(note(&events), note(&shuffled));
    }
}

#[test]
fn dust_that_does_not_fit_is_explained() {
    let keys = ring();
    let drawn: Drawn = (0..200)
        .map(|_| (1_000_000_000, 0, true, false, None))
        .collect();
    let balance = balance(&drawn, &keys);
    let send = |tft: u64| {
        let request = SendRequest::to(recipient(), Amount::from_tft(tft));
        draft(&balance, &request, keys.primary(), Network::Devnet)
    };
    // 92 + 1 TFT of fee are 93 inputs: 15 9xx bytes. One more does not fit.
    let fits = send(92).unwrap();
    assert_eq!(fits.transaction.coin_inputs().len(), 93);
    let error = send(93).unwrap_err();
    assert_eq!(error.kind(), "InsufficientFunds");
    assert!(
        error
            .to_string()
            .contains("200 TFT are available, but in too many small outputs"),
        "{error}"
    );
}

#[test]
fn shared_wallets_are_used_only_when_named_and_by_their_size() {
    let keys = ring();
    let owners: Vec<UnlockHash> = keys.addresses();
    let condition = MultiSignatureCondition {
        unlock_hashes: owners,
        minimum_signature_count: 2,
    };
    let address = condition.unlock_hash();
    let mut shared = Balance {
        multisig: Some(MultiSigOwners {
            address,
            condition: condition.clone(),
        }),
        ..balance(&Vec::new(), &keys)
    };
    for index in 0..200_u64 {
        let output = Output::new(
            Amount::ONE_TFT,
            Condition::MultiSignature(condition.clone()),
        );
        shared
            .outputs
            .note(Hash::of(&index.to_le_bytes()), &output, true, false);
    }
    let mut balance = balance(&vec![(50_000_000_000, 0, true, false, None)], &keys);
    balance.add_multisig(shared);
    let send = |tft: u64, sources: Vec<UnlockHash>| {
        let request = SendRequest {
            sources,
            ..SendRequest::to(recipient(), Amount::from_tft(tft))
        };
        draft(&balance, &request, keys.primary(), Network::Devnet)
    };
    assert!(send(60, vec![]).is_err());
    let draft = send(30, vec![address]).unwrap();
    assert_eq!(draft.transaction.coin_inputs().len(), 31);
    let signed = sign_transaction(draft.transaction, &draft.parents, None, &keys).unwrap();
    assert!(signed.is_complete());
    assert!(signed.transaction.binary().unwrap().len() <= 16_000);
    // 36 inputs of three signatures are too large, though far from 99.
    assert!(send(36, vec![address]).is_err());
}
