//! The check of a whole database: storage, objects, indexes.
use super::CHUNK;
use super::catalog::Catalog;
use super::database::Database;
use super::error::DbError;
use super::label::labels;
use super::model::Model;

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Url and number of objects per model.
    pub models: Vec<(String, u64)>,
    /// What is wrong, in sentences; empty when all is well.
    pub problems: Vec<String>,
}

impl Database {
    /// Reads everything again from the storage and compares objects and indexes. Changes nothing.
    ///
    /// # Errors
    /// When the storage cannot be read at all.
    pub fn check(&self) -> Result<Checked, DbError> {
        let problems = self.shared.keeper.verify().map_err(DbError::Keeper)?;
        let mut checked = Checked {
            models: Vec::new(),
            problems,
        };
        let catalog = match self.shared.read(Catalog::read) {
            Ok(catalog) => catalog,
            Err(error) => {
                checked.problems.push(error.to_string());
                return Ok(checked);
            }
        };
        for url in catalog.models() {
            let model = Model::new(&self.shared, url);
            match model.checked(&mut checked.problems) {
                Ok(count) => checked.models.push((url.clone(), count)),
                Err(error) => checked.problems.push(error.to_string()),
            }
        }
        Ok(checked)
    }
}

impl Model {
    /// Checks the objects and indexes of one model; how many objects.
    fn checked(&self, problems: &mut Vec<String>) -> Result<u64, DbError> {
        let url = self.url();
        let (mut after, mut count, mut expected) = (0, 0u64, 0u64);
        loop {
            let last = self.reading(|reader, current| {
                if !current.indexed {
                    problems.push(format!(
                        "the indexes of '{url}' are not complete: use it once"
                    ));
                }
                let entries = reader.entries(url, after, CHUNK).map_err(DbError::Keeper)?;
                for kept in &entries {
                    count += 1;
                    let object = match self.decoded(current, kept) {
                        Ok(object) => object,
                        Err(error) => {
                            problems.push(error.to_string());
                            continue;
                        }
                    };
                    for (property, label) in labels(&current.schema, &object) {
                        expected += 1;
                        let marked = reader.marked(url, &label, usize::MAX);
                        let marked = marked.map_err(DbError::Keeper)?;
                        let name = &property.name;
                        if !marked.contains(&kept.id) {
                            problems.push(format!(
                                "the index of {name} misses object {} of '{url}': .index_rebuild()",
                                kept.id
                            ));
                        } else if property.unique && marked.len() > 1 {
                            problems.push(format!(
                                "objects {marked:?} of '{url}' share a value of {name}, which is \
                                 unique"
                            ));
                        }
                    }
                }
                Ok(entries.last().map(|kept| kept.id))
            })?;
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
        let found = self
            .shared
            .read(|reader| reader.count_marks(url).map_err(DbError::Keeper))?;
        if found > expected {
            problems.push(format!(
                "the indexes of '{url}' have {} entries too many: .index_rebuild()",
                found - expected
            ));
        }
        Ok(count)
    }
}
