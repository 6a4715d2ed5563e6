//! Answers of a computation that is asked the same again and again: the addresses of a long
//! history are few, and each stands in it thousands of times.

/// Places of a table.
const PLACES: usize = 64;

/// The last answers. What is asked tells by a byte in which place it is kept; a place holds one.
pub(crate) struct Recent<K, V>([Option<(K, V)>; PLACES]);

impl<K: Copy + PartialEq, V: Copy> Recent<K, V> {
    /// A table without answers.
    pub(crate) const fn new() -> Self {
        Self([None; PLACES])
    }

    /// The kept answer to `key`, else a new one; `byte` is any byte that depends on the key only.
    pub(crate) fn of(&mut self, key: K, byte: u8, compute: impl FnOnce() -> V) -> V {
        let Some(place) = self.0.get_mut(usize::from(byte) % PLACES) else {
            return compute();
        };
        match place {
            Some((kept, value)) if *kept == key => *value,
            _ => {
                let value = compute();
                *place = Some((key, value));
                value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn an_answer_is_of_its_own_question_only() {
        let mut recent = Recent::new();
        let mut computed = 0;
        for key in [1u32, 1, 65, 1, 2, 2, 65] {
            let byte = u8::try_from(key).unwrap();
            let value = recent.of(key, byte, || {
                computed += 1;
                key * 10
            });
            assert_eq!(value, key * 10);
        }
        // 1 and 65 share a place.
        assert_eq!(computed, 5);
    }
}
