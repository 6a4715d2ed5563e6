//! One database: its models, and what concerns all of them.
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::BATCH;
use super::catalog::{Catalog, Known, indexed_as, referred};
use super::error::DbError;
use super::iterate::Objects;
use super::keeper::{Keeper, Reader, Writer};
use super::label;
use super::model::Model;
use crate::schema::{Context, Object, Schema};

/// What models and database share.
pub(super) struct Shared {
    pub(super) name: String,
    pub(super) keeper: Box<dyn Keeper>,
    pub(super) context: Arc<Context>,
}

impl Shared {
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&dyn Reader) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let (mut work, mut answer) = (Some(work), None);
        self.keeper.read(&mut |reader| {
            if let Some(work) = work.take() {
                answer = Some(work(reader)?);
            }
            Ok(())
        })?;
        answer.ok_or_else(|| DbError::Keeper("the storage did not answer".into()))
    }

    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&mut dyn Writer) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let (mut work, mut answer) = (Some(work), None);
        self.keeper.write(&mut |writer| {
            if let Some(work) = work.take() {
                answer = Some(work(writer)?);
            }
            Ok(())
        })?;
        answer.ok_or_else(|| DbError::Keeper("the storage did not answer".into()))
    }
}

/// A database of objects.
pub struct Database {
    pub(super) shared: Arc<Shared>,
    models: Mutex<HashMap<String, Arc<Model>>>,
}

impl Database {
    /// Opens a database. Its schemas become known in the context, where they are not yet.
    ///
    /// # Errors
    /// When the storage cannot be read.
    pub fn open(
        name: &str,
        keeper: Box<dyn Keeper>,
        context: &Arc<Context>,
    ) -> Result<Arc<Self>, DbError> {
        let shared = Shared {
            name: name.to_owned(),
            keeper,
            context: Arc::clone(context),
        };
        let catalog = shared.read(Catalog::read)?;
        for url in catalog.known.keys() {
            if let Some(text) = catalog.latest(url)
                && !context.registry().exists_url(url)
            {
                context.registry().get_from_text(&text.text, Some(url))?;
            }
        }
        Ok(Arc::new(Self {
            shared: Arc::new(shared),
            models: Mutex::default(),
        }))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The surroundings of its objects.
    pub fn context(&self) -> &Arc<Context> {
        &self.shared.context
    }

    fn models(&self) -> MutexGuard<'_, HashMap<String, Arc<Model>>> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The model of the first schema of a text. All schemas of the text become known.
    ///
    /// # Errors
    /// When the text does not parse, or as [`Database::model_from_schema`].
    pub fn model_from_text(&self, text: &str) -> Result<Arc<Model>, DbError> {
        let schema = self.context().registry().get_from_text(text, None)?;
        self.model_from_schema(&schema)
    }

    /// The model of a schema, which becomes the latest of its url: stored objects are read with
    /// it from now on (rule B5).
    ///
    /// # Errors
    /// When the schema asks for an index that its types cannot have, makes a property unique that
    /// is not in the stored objects, or the storage fails.
    pub fn model_from_schema(&self, schema: &Arc<Schema>) -> Result<Arc<Model>, DbError> {
        for property in schema.properties_index_sql() {
            if !label::has_order(&property.kind) {
                return Err(DbError::NoOrder {
                    url: schema.url.clone(),
                    property: property.name.clone(),
                    kind: property.kind.describe().into_owned(),
                });
            }
        }
        let model = self.known_model(&schema.url);
        let catalog = self.shared.read(Catalog::read)?;
        let mut next = catalog.clone();
        let sid = next.add(schema);
        let before = catalog.known.get(&schema.url).filter(|known| known.model);
        let indexed = match before {
            None => true,
            Some(known) if known.sid == sid => known.indexed,
            Some(known) => {
                let old = catalog.text(known.sid);
                let old = old.and_then(|old| Schema::parse(&old.text).ok());
                if model.count_all()? > 0 {
                    model.check_new_uniques(old.as_deref(), schema)?;
                }
                let same = old.is_some_and(|old| indexed_as(&old) == indexed_as(schema));
                known.indexed && same
            }
        };
        let known = Known {
            sid,
            model: true,
            indexed,
        };
        self.add_referred(&mut next, schema);
        next.known.insert(schema.url.clone(), known);
        if !same_catalog(&catalog, &next) {
            self.shared.write(|writer| {
                // Another shell may have added schemas since.
                let mut now = Catalog::read(writer)?;
                let sid = now.add(schema);
                self.add_referred(&mut now, schema);
                let empty = writer.count(&schema.url) == 0;
                let known = Known {
                    sid,
                    model: true,
                    indexed: indexed || empty,
                };
                now.known.insert(schema.url.clone(), known);
                now.write(writer)
            })?;
        }
        model.ready()?;
        Ok(model)
    }

    /// Notes the schemas of sub-objects, so that stored objects can be read in another session.
    fn add_referred(&self, catalog: &mut Catalog, schema: &Schema) {
        let mut open: Vec<String> = referred(schema).into_iter().map(str::to_owned).collect();
        let mut seen = vec![schema.url.clone()];
        while let Some(url) = open.pop() {
            if seen.contains(&url) {
                continue;
            }
            if let Ok(child) = self.context().registry().get_from_url_latest(&url) {
                let sid = catalog.add(&child);
                let known = catalog.known.entry(url.clone()).or_insert(Known {
                    sid,
                    model: false,
                    indexed: true,
                });
                // Objects of their own are led by their model.
                if !known.model {
                    known.sid = sid;
                }
                open.extend(referred(&child).into_iter().map(str::to_owned));
            }
            seen.push(url);
        }
    }

    /// The model of a url: of the schema this database knows, else of the latest registered one.
    ///
    /// # Errors
    /// When neither is known, or as [`Database::model_from_schema`].
    pub fn model_from_url(&self, url: &str) -> Result<Arc<Model>, DbError> {
        let catalog = self.shared.read(Catalog::read)?;
        let url = url.trim().trim_matches(['\'', '"']);
        if catalog.known.get(url).is_some_and(|known| known.model) {
            let model = self.known_model(url);
            model.ready()?;
            return Ok(model);
        }
        let schema = self.context().registry().get_from_url_latest(url)?;
        self.model_from_schema(&schema)
    }

    /// The model of the url of a schema's number.
    ///
    /// # Errors
    /// When the number is not known.
    pub fn model_from_sid(&self, sid: u32) -> Result<Arc<Model>, DbError> {
        let catalog = self.shared.read(Catalog::read)?;
        let text = catalog.text(sid).ok_or(DbError::NoSid { sid })?;
        self.model_from_url(&text.url)
    }

    fn known_model(&self, url: &str) -> Arc<Model> {
        let mut models = self.models();
        let made = || Model::new(&self.shared, url);
        models.entry(url.to_owned()).or_insert_with(made).clone()
    }

    /// Urls of the models, sorted.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn urls(&self) -> Result<Vec<String>, DbError> {
        let catalog = self.shared.read(Catalog::read)?;
        Ok(catalog.models().cloned().collect())
    }

    /// Numbers of all schemas with their urls; they are counted from 1.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn sids(&self) -> Result<Vec<(u32, String)>, DbError> {
        let catalog = self.shared.read(Catalog::read)?;
        let texts = catalog.texts.into_iter();
        Ok(texts.map(|text| (text.sid, text.url)).collect())
    }

    /// All models.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn all_models(&self) -> Result<Vec<Arc<Model>>, DbError> {
        let urls = self.urls()?;
        urls.iter().map(|url| self.model_from_url(url)).collect()
    }

    /// The object of a number, of whatever model.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn object(&self, id: u64) -> Result<(Arc<Model>, Object), DbError> {
        for model in self.all_models()? {
            if let Some(object) = model.try_get(id)? {
                return Ok((model, object));
            }
        }
        let url = self.name().to_owned();
        Err(DbError::NotFound { url, id })
    }

    /// All objects of all models, in the order of their numbers, without loading them all.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn iterate(
        &self,
    ) -> Result<impl Iterator<Item = Result<(Arc<Model>, Object), DbError>> + use<>, DbError> {
        let mut open: Vec<_> = Vec::new();
        for model in self.all_models()? {
            open.push((model.clone(), model.iterate().peekable()));
        }
        Ok(std::iter::from_fn(move || next_of_all(&mut open)))
    }

    /// Objects of all models together.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn count(&self) -> Result<u64, DbError> {
        self.shared.read(|reader| {
            let catalog = Catalog::read(reader)?;
            Ok(catalog.models().map(|url| reader.count(url)).sum())
        })
    }

    /// Removes all objects and schemas. Their numbers are not given again.
    ///
    /// # Errors
    /// When the storage fails; what is removed by then stays removed.
    pub fn reset(&self) -> Result<(), DbError> {
        let catalog = self.shared.read(Catalog::read)?;
        for url in catalog.models() {
            self.clear(url)?;
        }
        self.shared
            .write(|writer| Catalog::default().write(writer))?;
        self.models().clear();
        Ok(())
    }

    /// Removes the objects and labels of a url.
    pub(super) fn clear(&self, url: &str) -> Result<(), DbError> {
        while self.shared.write(|writer| {
            let ids = writer.ids(url, 0, BATCH).map_err(DbError::Keeper)?;
            for id in &ids {
                writer.remove(url, *id).map_err(DbError::Keeper)?;
            }
            let marks = writer.clear_marks(url, BATCH * 4);
            Ok(!ids.is_empty() || marks.map_err(DbError::Keeper)? > 0)
        })? {}
        Ok(())
    }

    /// Makes all indexes again.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn index_rebuild(&self) -> Result<(), DbError> {
        let models = self.all_models()?;
        models.iter().try_for_each(|model| model.index_rebuild())
    }
}

fn same_catalog(one: &Catalog, other: &Catalog) -> bool {
    let view = |known: &BTreeMap<String, Known>| -> Vec<(String, u32, bool, bool)> {
        let all = known.iter();
        all.map(|(url, k)| (url.clone(), k.sid, k.model, k.indexed))
            .collect()
    };
    one.texts.len() == other.texts.len() && view(&one.known) == view(&other.known)
}

type Source = (Arc<Model>, std::iter::Peekable<Objects>);

/// Of several ordered sources the object with the lowest number.
fn next_of_all(open: &mut [Source]) -> Option<Result<(Arc<Model>, Object), DbError>> {
    let mut best: Option<(usize, u64)> = None;
    for (at, (_, objects)) in open.iter_mut().enumerate() {
        let id = match objects.peek() {
            None => continue,
            Some(Ok(object)) => object.id().unwrap_or(0),
            Some(Err(_)) => 0,
        };
        if best.is_none_or(|(_, lowest)| id < lowest) {
            best = Some((at, id));
        }
    }
    let (model, objects) = open.get_mut(best?.0)?;
    let model = model.clone();
    Some(objects.next()?.map(|object| (model, object)))
}
