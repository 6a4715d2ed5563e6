//! Schema text to schemas (spec section 1). Never panics, every error has its place.
mod blocks;
mod infer;
mod line;

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use self::blocks::{Block, Line};
use super::error::SchemaError;
use super::identity::{self, SchemaMd5};
use super::property::Property;
use super::schema::Schema;

/// Name of the system property that lists secret properties, separated by commas.
const SECRET: &str = "secret";

/// Parses every block of a text; `url` names a single block that has no `@url`.
pub(crate) fn parse(text: &str, url: Option<&str>) -> Result<Vec<Arc<Schema>>, SchemaError> {
    // Some editors begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let blocks = blocks::split(text);
    if blocks.is_empty() {
        let first = text.lines().next().unwrap_or_default();
        return Err(SchemaError::new(
            1,
            1,
            first,
            "the text holds no schema",
            URL_LINE,
        ));
    }
    let url = url.map(clean_url).filter(|url| !url.is_empty());
    if let (Some(url), Some(second)) = (&url, blocks.get(1)) {
        let message = format!("a text with several schemas cannot be named '{url}'");
        return Err(second.head().error(1, message, "one schema"));
    }
    blocks
        .iter()
        .map(|block| schema(block, url.as_deref()).map(Arc::new))
        .collect()
}

const URL_LINE: &str = "a line like '@url = my.schema.1'";

/// Strips blanks and quotes around a url.
pub(crate) fn clean_url(url: &str) -> String {
    url.trim_matches(|c: char| c.is_whitespace() || c == '\'' || c == '"')
        .to_owned()
}

fn schema(block: &Block<'_>, given_url: Option<&str>) -> Result<Schema, SchemaError> {
    let mut system = IndexMap::new();
    let mut url = None;
    let mut properties: Vec<Property> = Vec::new();
    let mut names: HashMap<String, usize> = HashMap::new();
    let mut secret = None;
    for line in &block.lines {
        let text = line.trimmed();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if text.starts_with('@') {
            let (name, value) = system_property(line)?;
            match name.as_str() {
                "url" => url = Some(value),
                _ => {
                    if name == SECRET {
                        secret = Some((*line, value.clone()));
                    }
                    system.insert(name, value);
                }
            }
            continue;
        }
        let property = line::property(line)?;
        if names
            .insert(property.name.clone(), properties.len())
            .is_some()
        {
            let message = format!("property '{}' stands twice in this schema", property.name);
            return Err(line.error(1, message, "another name"));
        }
        properties.push(property);
    }
    if let Some((line, list)) = secret {
        mark_secret(&line, &list, &names, &mut properties)?;
    }
    let head = block.head();
    let mut text = block.text();
    let url = match (url, given_url) {
        (Some(url), None) => url,
        (Some(url), Some(given)) if url == given => url,
        (Some(url), Some(given)) => {
            let message = format!("the text says '@url = {url}', not '{given}'");
            return Err(head.error(1, message, "the same url"));
        }
        (None, Some(given)) => {
            // The url becomes part of the text so that the text alone gives the same schema.
            text.insert_str(0, &format!("@url = {given}\n"));
            given.to_owned()
        }
        (None, None) => return Err(head.error(1, "a schema without a url", URL_LINE)),
    };
    Ok(Schema::assemble(
        url,
        SchemaMd5::of_text(&text),
        text,
        system,
        properties,
        names,
    ))
}

fn system_property(line: &Line<'_>) -> Result<(String, String), SchemaError> {
    let text = line.trimmed();
    let Some((name, rest)) = text.split_once('=') else {
        let message = format!("'{}' has no value", line.short());
        return Err(line.error(1, message, "@name = value"));
    };
    let name = name.trim_start_matches('@').trim().to_owned();
    let value = rest.split(['=', '#']).next().unwrap_or_default().trim();
    let value = value.trim_matches(['"', '\'']).to_owned();
    let value_column = text.chars().count() - rest.chars().count() + 1;
    if name.is_empty() {
        return Err(line.error(1, "'@' without a name", "@name = value"));
    }
    if name.eq_ignore_ascii_case("url") {
        if identity::key(&value).is_empty() {
            return Err(line.error(value_column, "'@url' without a url", URL_LINE));
        }
        return Ok(("url".into(), value.trim().to_owned()));
    }
    Ok((name, value))
}

fn mark_secret(
    line: &Line<'_>,
    list: &str,
    names: &HashMap<String, usize>,
    properties: &mut [Property],
) -> Result<(), SchemaError> {
    for name in list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let found = names.get(name).and_then(|&nr| properties.get_mut(nr));
        let Some(property) = found else {
            let message = format!("'@secret' names '{name}', which is no property of the schema");
            return Err(line.error(1, message, "names of properties, separated by commas"));
        };
        property.secret = true;
    }
    Ok(())
}
