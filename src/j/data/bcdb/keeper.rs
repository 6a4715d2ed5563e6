//! A vault of the store as the storage of a database.
use zeroize::Zeroizing;

use crate::schema::db::{BoxError, DbError, Keeper, Kept, Reader, Writer};
use crate::store::{Entry, Health, Vault, VaultEdit, VaultView};

/// A vault.
pub struct VaultKeeper(pub Vault);

impl Keeper for VaultKeeper {
    fn read(
        &self,
        work: &mut dyn FnMut(&dyn Reader) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        self.0.read(|view| work(&Reading(view)))
    }

    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Writer) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        self.0.write(|edit| work(&mut Writing(edit)))
    }

    fn verify(&self) -> Result<Vec<String>, BoxError> {
        let report = self.0.verify()?;
        let mut problems = Vec::new();
        if let Health::ReadOnly(report) = &report.health {
            problems.push(format!("the database is read-only: {report}"));
        } else if !report.complete {
            problems.push(format!(
                "its objects are not those of its manifest: {} are there, {} should be",
                report.found, report.expected
            ));
        }
        problems.extend(
            report
                .damaged
                .iter()
                .filter(|entry| entry.id.is_none())
                .map(|entry| format!("an entry is damaged: {}", entry.reason)),
        );
        Ok(problems)
    }
}

fn kept(entry: Entry) -> Kept {
    Kept {
        id: entry.id,
        revision: entry.revision,
        content: entry.content,
    }
}

struct Reading<'a, 'b>(&'a VaultView<'b>);

struct Writing<'a, 'b>(&'a mut VaultEdit<'b>);

impl Reading<'_, '_> {
    fn view(&self) -> &VaultView<'_> {
        self.0
    }
}

impl Writing<'_, '_> {
    fn view(&self) -> VaultView<'_> {
        self.0.view()
    }
}

/// Both read the same way.
macro_rules! reader {
    ($of:ident) => {
        impl Reader for $of<'_, '_> {
            fn notes_generation(&self) -> u64 {
                self.view().notes_generation()
            }
            fn shelf_generation(&self, shelf: &str) -> u64 {
                self.view().shelf_generation(shelf)
            }
            fn count(&self, shelf: &str) -> u64 {
                self.view().count(shelf)
            }
            fn next_id(&self) -> u64 {
                self.view().next_id()
            }
            fn entry(&self, shelf: &str, id: u64) -> Result<Option<Kept>, BoxError> {
                Ok(self.view().entry(shelf, id)?.map(kept))
            }
            fn entries(
                &self,
                shelf: &str,
                after: u64,
                limit: usize,
            ) -> Result<Vec<Kept>, BoxError> {
                let entries = self.view().entries(shelf, after, limit)?;
                Ok(entries.into_iter().map(kept).collect())
            }
            fn ids(&self, shelf: &str, after: u64, limit: usize) -> Result<Vec<u64>, BoxError> {
                Ok(self.view().ids(shelf, after, limit)?)
            }
            fn marked(
                &self,
                shelf: &str,
                label: &[u8],
                limit: usize,
            ) -> Result<Vec<u64>, BoxError> {
                Ok(self.view().marked(shelf, label, limit)?)
            }
            fn count_marks(&self, shelf: &str) -> Result<u64, BoxError> {
                Ok(self.view().count_marks(shelf)?)
            }
            fn note(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, BoxError> {
                Ok(self.view().note(name)?)
            }
        }
    };
}

reader!(Reading);
reader!(Writing);

impl Writer for Writing<'_, '_> {
    fn revision(&self) -> u64 {
        self.0.revision()
    }
    fn put_new(&mut self, shelf: &str, content: &[u8]) -> Result<u64, BoxError> {
        Ok(self.0.put_new(shelf, content)?)
    }
    fn put(&mut self, shelf: &str, id: u64, content: &[u8]) -> Result<(), BoxError> {
        Ok(self.0.put(shelf, id, content)?)
    }
    fn remove(&mut self, shelf: &str, id: u64) -> Result<bool, BoxError> {
        Ok(self.0.remove(shelf, id)?)
    }
    fn reserve(&mut self, next_id: u64) {
        self.0.reserve(next_id);
    }
    fn mark(&mut self, shelf: &str, label: &[u8], id: u64) {
        self.0.mark(shelf, label, id);
    }
    fn unmark(&mut self, shelf: &str, label: &[u8], id: u64) {
        self.0.unmark(shelf, label, id);
    }
    fn clear_marks(&mut self, shelf: &str, limit: usize) -> Result<usize, BoxError> {
        Ok(self.0.clear_marks(shelf, limit)?)
    }
    fn set_note(&mut self, name: &str, content: &[u8]) -> Result<(), BoxError> {
        Ok(self.0.set_note(name, Some(content))?)
    }
}
