//! Making containers.
use serde_json::{Value as Json, json};

use super::calls::{self, Arguments, Misfit};
use super::client::{Client, Request, prefixed};
use super::error::Result;
use super::protocol::Nic;
use super::protocol::container::NIC_TYPES;
use super::response::Response;

/// A network card as a caller writes it, checked.
pub(super) fn check_nic(value: &Json) -> std::result::Result<Json, Misfit> {
    let words = "a network card: a dict with type, id, name, hwaddr, config, monitor";
    let Some(map) = value.as_object() else {
        return Err(Misfit::new(value, words));
    };
    let kind = map.get("type").unwrap_or(&Json::Null);
    if !kind.as_str().is_some_and(|kind| NIC_TYPES.contains(&kind)) {
        let expected = format!("one of {}", NIC_TYPES.join(", "));
        return Err(Misfit::new(kind, expected).below("type"));
    }
    let known = ["type", "id", "name", "hwaddr", "config", "monitor", "state"];
    if let Some((key, value)) = map.iter().find(|(key, _)| !known.contains(&key.as_str())) {
        return Err(Misfit::new(value, format!("only {}", known.join(", "))).below(key));
    }
    match serde_json::from_value::<Nic>(value.clone()) {
        // What was not given is not sent.
        Ok(_) => Ok(value.clone()),
        Err(error) => Err(Misfit::new(value, format!("{words} ({error})"))),
    }
}

impl Client {
    /// Starts to make a container; the JSON value of the response is its id.
    ///
    /// Cards that are not given are a default one; `nics: []` is none.
    ///
    /// # Errors
    /// An argument that is not taken, or whatever [`Client::raw`] can fail with.
    pub async fn create_container(
        &self,
        arguments: &Arguments,
        tags: Option<Vec<String>>,
    ) -> Result<Response> {
        let mut arguments = arguments.clone();
        arguments
            .entry("nics")
            .or_insert_with(|| json!([{"type": "default"}]));
        if arguments["nics"].is_null() {
            arguments.insert("nics".into(), json!([]));
        }
        let mut request = self.listed("container", "create", &arguments)?;
        request.tags = tags;
        self.raw(request).await
    }

    /// A container by name or id; None when there is none.
    ///
    /// # Errors
    /// Whatever [`Client::json`] can fail with.
    pub async fn find_container(&self, query: impl Into<Json>) -> Result<Option<Json>> {
        let request = Request::new("corex.get", json!({"query": query.into()}));
        let found = self.node().json(request).await?;
        Ok((!found.is_null()).then_some(found))
    }

    /// Ends a container.
    ///
    /// # Errors
    /// Whatever [`Client::json`] can fail with.
    pub async fn terminate_container(&self, id: u16) -> Result<()> {
        let request = Request::new("corex.terminate", json!({"container": id}));
        let done = self.node().json(request).await;
        done.map(drop)
            .map_err(|error| prefixed(error, "failed to terminate container"))
    }

    /// The job of a command of the table by its manager and method.
    ///
    /// # Errors
    /// As [`Client::request`].
    pub fn listed(&self, manager: &str, method: &str, arguments: &Arguments) -> Result<Request> {
        match calls::find(manager, method) {
            Some(call) => self.request(call, arguments),
            None => Err(super::error::Error::argument(
                manager,
                "method",
                &method.into(),
                "a command of the table",
            )),
        }
    }
}
