//! Keys and signatures, against the curve alone.
use std::hint::black_box;

use criterion::Criterion;
use ed25519_dalek::{Signer, SigningKey};
use kosmos::tfchain::transaction::StandardTransaction;
use kosmos::tfchain::{
    Amount, Condition, Hash, Input, Output, Seed, SignTarget, Transaction, verify_all,
};

/// An unsigned transaction of 100 inputs.
fn hundred_inputs(condition: &Condition) -> Transaction {
    Transaction::from(StandardTransaction {
        coin_inputs: (0..100_u64)
            .map(|index| Input::unsigned(Hash::of(&index.to_le_bytes())))
            .collect(),
        coin_outputs: vec![
            Output::new(Amount::ONE_TFT, condition.clone()),
            Output::new(Amount::from_tft(98), condition.clone()),
        ],
        miner_fees: vec![Amount::ONE_TFT],
        ..StandardTransaction::default()
    })
}

pub fn bench(c: &mut Criterion) {
    let seed = Seed::from_entropy(&[1; 32]).unwrap();
    let secret = seed.secret_seed(0);
    let key = seed.key_pair(0);
    let mut group = c.benchmark_group("keys");
    group.bench_function("derive: the curve alone", |b| {
        b.iter(|| SigningKey::from_bytes(black_box(&secret)).verifying_key());
    });
    group.bench_function("derive (curve + 10 %)", |b| {
        b.iter(|| seed.key_pair(black_box(0)));
    });
    group.bench_function("address of an index", |b| {
        b.iter(|| seed.address(black_box(0)));
    });
    let dalek = SigningKey::from_bytes(&secret);
    group.bench_function("sign: the curve alone", |b| {
        b.iter(|| dalek.sign(black_box(Hash::ZERO.as_bytes())));
    });
    group.bench_function("sign (curve + 10 %)", |b| {
        b.iter(|| key.sign(black_box(&Hash::ZERO)));
    });
    let signed: Vec<_> = (0..64)
        .map(|index| {
            let (pair, hash) = (seed.key_pair(index), Hash::of(&index.to_le_bytes()));
            (*pair.public_key(), hash, pair.sign(&hash))
        })
        .collect();
    group.bench_function("64 signatures verified together (1.2 ms)", |b| {
        b.iter(|| assert!(verify_all(black_box(&signed))));
    });
    let condition = Condition::from(key.unlock_hash());
    let unsigned = hundred_inputs(&condition);
    group.bench_function("100 inputs signed (5 ms)", |b| {
        b.iter_batched(
            || unsigned.clone(),
            |mut transaction| {
                let hasher = transaction.signature_hasher().unwrap();
                for index in 0..100 {
                    let target = SignTarget::CoinInput(index);
                    transaction
                        .sign(&hasher, target, &condition, &key, None)
                        .unwrap();
                }
                transaction
            },
            criterion::BatchSize::SmallInput,
        );
    });
    group.finish();
}
