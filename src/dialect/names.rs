//! Which names are declared at a place, and where an undeclared one gets its `let`.
use std::collections::{HashMap, HashSet};

use super::words::rhai_name;

/// What an assignment to a plain name needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Declaration {
    /// The name is visible: nothing.
    None,
    /// `let ` in front of the assignment.
    Here,
    /// `let name; ` in front of the top-level statement at this offset of the source.
    Before(usize),
    /// The same at the start of the function body at this offset.
    InBody(usize),
}

/// The body of a function, or the whole input: where a name declared inside a block is put.
#[derive(Debug)]
struct Home {
    offset: usize,
    /// Index of the scope that belongs to it.
    scope: usize,
}

/// Scopes while walking through the source.
pub(super) struct Names<'s, 'k> {
    known: &'k dyn Fn(&str) -> bool,
    /// Visible names with the number of their declarations; one table per nested `fn`, because a
    /// function sees nothing of its surroundings.
    visible: Vec<HashMap<&'s str, usize>>,
    scopes: Vec<Vec<&'s str>>,
    homes: Vec<Home>,
    deleted: HashSet<&'s str>,
    /// The input holds a call `f!(…)`, whose function sees the variables of its caller: then no
    /// name is declared in functions.
    pub functions_see_caller: bool,
}

impl<'s, 'k> Names<'s, 'k> {
    pub fn new(known: &'k dyn Fn(&str) -> bool) -> Self {
        Self {
            known,
            visible: vec![HashMap::new()],
            scopes: vec![Vec::new()],
            homes: vec![Home {
                offset: 0,
                scope: 0,
            }],
            deleted: HashSet::new(),
            functions_see_caller: false,
        }
    }

    /// A top-level statement starts at `offset`.
    pub fn statement(&mut self, offset: usize) {
        if let Some(home) = self.homes.first_mut() {
            home.offset = offset;
        }
    }

    pub fn enter_block(&mut self) {
        self.scopes.push(Vec::new());
    }

    pub fn leave_block(&mut self) {
        let names = self.scopes.pop().unwrap_or_default();
        if let Some(visible) = self.visible.last_mut() {
            for name in names {
                if let Some(count) = visible.get_mut(name) {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        visible.remove(name);
                    }
                }
            }
        }
    }

    /// Enters the body of a function or closure whose text starts at `offset`.
    pub fn enter_body(&mut self, offset: usize, sees_outside: bool) {
        if !sees_outside {
            self.visible.push(HashMap::new());
        }
        self.enter_block();
        self.homes.push(Home {
            offset,
            scope: self.scopes.len() - 1,
        });
    }

    pub fn leave_body(&mut self, sees_outside: bool) {
        self.homes.pop();
        self.leave_block();
        if !sees_outside {
            self.visible.pop();
        }
    }

    pub fn declare(&mut self, name: &'s str) {
        let scope = self.scopes.len().saturating_sub(1);
        self.declare_in(scope, name);
    }

    fn declare_in(&mut self, scope: usize, name: &'s str) {
        self.deleted.remove(name);
        if let Some(names) = self.scopes.get_mut(scope) {
            names.push(name);
        }
        if let Some(visible) = self.visible.last_mut() {
            *visible.entry(name).or_default() += 1;
        }
    }

    pub fn delete(&mut self, name: &'s str) {
        if let Some(visible) = self.visible.last_mut() {
            visible.remove(name);
        }
        self.deleted.insert(name);
    }

    pub fn is_visible(&self, name: &str) -> bool {
        self.visible
            .last()
            .is_some_and(|visible| visible.contains_key(name))
            || (self.visible.len() == 1
                && !self.deleted.contains(name)
                && (self.known)(&rhai_name(name)))
    }

    /// An assignment to `name`; `direct` says that the statement belongs to the body itself, not
    /// to a block in it.
    pub fn assign(&mut self, name: &'s str, direct: bool) -> Declaration {
        let in_function = self.visible.len() > 1;
        if self.is_visible(name) || (in_function && self.functions_see_caller) {
            return Declaration::None;
        }
        if direct {
            self.declare(name);
            return Declaration::Here;
        }
        match self.homes.last() {
            Some(home) => {
                let (scope, offset) = (home.scope, home.offset);
                self.declare_in(scope, name);
                if self.homes.len() == 1 {
                    Declaration::Before(offset)
                } else {
                    Declaration::InBody(offset)
                }
            }
            None => Declaration::None,
        }
    }
}
