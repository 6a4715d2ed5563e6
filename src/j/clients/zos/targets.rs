//! Whom a call goes to: a node, a container, or many nodes side by side.
use std::future::Future;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::core::Core;
use super::group_answer::GroupAnswer;
use crate::j::world::World;
use crate::object::{Error, Kind, Result, Value};
use crate::zos::{self, Client};

/// Whom a call goes to.
#[derive(Clone)]
pub enum Targets {
    /// A node, or one of its containers.
    One {
        /// The node.
        core: Arc<Core>,
        /// Id of the container.
        container: Option<u16>,
    },
    /// Many nodes.
    Many(Nodes),
}

/// Many nodes, and how many are asked at the same time.
#[derive(Clone)]
pub struct Nodes {
    /// The nodes by name.
    pub cores: Vec<Arc<Core>>,
    /// Most calls under way.
    pub limit: usize,
    /// What the tree needs from outside.
    pub world: Arc<World>,
}

impl Targets {
    /// A node.
    pub fn node(core: &Arc<Core>) -> Self {
        Targets::One {
            core: core.clone(),
            container: None,
        }
    }

    /// A container of a node.
    pub fn container(core: &Arc<Core>, id: u16) -> Self {
        Targets::One {
            core: core.clone(),
            container: Some(id),
        }
    }

    /// The one node or container.
    ///
    /// # Errors
    /// When there are many.
    pub fn one(&self, what: &str) -> Result<(&Arc<Core>, Client)> {
        match self {
            Targets::One { core, container } => {
                let node = core.client()?;
                let client = container.map_or_else(|| node.clone(), |id| node.container(id));
                Ok((core, client))
            }
            Targets::Many(_) => Err(Error::value(format!(
                "{what} works on one node, not on a group"
            ))
            .hint("take one of them: j.clients.zos.get('…')")),
        }
    }

    /// Asks the one, or all side by side. One answers its value; many answer a [`GroupAnswer`]
    /// with what happened on each.
    ///
    /// # Errors
    /// What the one failed with; a group never fails as a whole, except by Ctrl-C.
    pub fn ask<T, F>(
        &self,
        what: &str,
        question: impl Fn(Client) -> F,
        show: impl Fn(T) -> Value,
    ) -> Result<Value>
    where
        T: Send + 'static,
        F: Future<Output = zos::Result<T>> + Send + 'static,
    {
        match self {
            Targets::One { .. } => {
                let (core, client) = self.one(what)?;
                core.ask(question(client)).map(show)
            }
            Targets::Many(nodes) => nodes.ask(what, question, show),
        }
    }
}

impl Nodes {
    fn ask<T, F>(
        &self,
        what: &str,
        question: impl Fn(Client) -> F,
        show: impl Fn(T) -> Value,
    ) -> Result<Value>
    where
        T: Send + 'static,
        F: Future<Output = zos::Result<T>> + Send + 'static,
    {
        let total = self.cores.len();
        let mut answers: Vec<Option<Result<Value>>> = Vec::new();
        answers.resize_with(total, || None);
        let places = Arc::new(Semaphore::new(self.limit.max(1)));
        let mut questions = Vec::new();
        for (at, core) in self.cores.iter().enumerate() {
            match core.client() {
                Ok(client) => questions.push((at, question(client))),
                Err(error) => answers[at] = Some(Err(error)),
            }
        }
        let host = &self.world.host;
        let asked = self.world.block_on(async {
            let mut running = JoinSet::new();
            for (at, question) in questions {
                let places = places.clone();
                running.spawn(async move {
                    // The places are never closed.
                    let _place = places.acquire_owned().await;
                    (at, question.await)
                });
            }
            let mut done = total - running.len();
            host.progress(Some(&format!("{what}: {done} of {total} nodes")));
            while let Some(finished) = running.join_next().await {
                done += 1;
                host.progress(Some(&format!("{what}: {done} of {total} nodes")));
                // One that panicked has no answer; it is told below.
                if let Ok((at, answer)) = finished {
                    let core = &self.cores[at];
                    core.remember();
                    answers[at] = Some(match answer {
                        Ok(value) => Ok(show(value)),
                        Err(error) => Err(core.explain(error)),
                    });
                }
            }
        });
        host.progress(None);
        asked?;
        let named = self.cores.iter().map(|core| core.base.name.clone());
        let answers = answers.into_iter().map(|answer| {
            answer.unwrap_or_else(|| Err(Error::new(Kind::Internal, "the call did not end")))
        });
        Ok(Value::object(GroupAnswer::new(
            named.zip(answers).collect(),
        )))
    }
}
