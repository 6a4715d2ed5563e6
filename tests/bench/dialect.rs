//! Rewriting what was typed.
use std::hint::black_box;

use criterion::{Criterion, Throughput};
use kosmos::dialect::rewrite;

/// The tutorial's inputs, over and over, cut at a line after `bytes`.
fn typed(bytes: usize) -> String {
    let inputs = include_str!("../../examples/wallet.rhai")
        .lines()
        .filter(|line| !line.starts_with("//") && !line.is_empty());
    let mut text = String::new();
    for line in inputs.collect::<Vec<_>>().iter().cycle() {
        if text.len() + line.len() > bytes {
            break;
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

pub fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("dialect");
    for (name, bytes) in [
        ("rewrite 1 KB (50 us)", 1_024),
        ("rewrite 64 KB (3.2 ms)", 65_536),
    ] {
        let text = typed(bytes);
        rewrite(&text, &|_| false).unwrap();
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |b| b.iter(|| rewrite(black_box(&text), &|_| false)));
    }
    group.finish();
}
