//! Where things stand in a contract's text.

use toml::de::{DeTable, DeValue};

/// Line and column, from 1.
type Place = (u32, u32);

/// The places of clauses, of their keys, and of the tables around them.
pub(super) struct Places {
    top: Vec<(Vec<String>, Place)>,
    clauses: Vec<(Place, Vec<(String, Place)>)>,
}

impl Places {
    pub(super) fn new(text: &str) -> Places {
        let mut places = Places { top: Vec::new(), clauses: Vec::new() };
        // The text was read before, so it can be read again.
        let Ok(table) = DeTable::parse(text) else { return places };
        let place = |offset: usize| {
            let before = &text[..text.floor_char_boundary(offset)];
            let line = before.matches('\n').count() + 1;
            let start = before.rfind('\n').map_or(0, |i| i + 1);
            let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            (number(line), number(before[start..].chars().count() + 1))
        };
        for (key, value) in table.get_ref() {
            let name = key.get_ref().to_string();
            places.top.push((vec![name.clone()], place(key.span().start)));
            match value.get_ref() {
                DeValue::Table(inner) => {
                    for (sub, _) in inner {
                        let path = vec![name.clone(), sub.get_ref().to_string()];
                        places.top.push((path, place(sub.span().start)));
                    }
                }
                DeValue::Array(list) if name == "clause" => {
                    for clause in list {
                        let keys = match clause.get_ref() {
                            DeValue::Table(t) => t
                                .iter()
                                .map(|(k, _)| (k.get_ref().to_string(), place(k.span().start)))
                                .collect(),
                            _ => Vec::new(),
                        };
                        places.clauses.push((place(clause.span().start), keys));
                    }
                }
                // Lists of tables by their ids.
                DeValue::Array(list) => {
                    for item in list {
                        let id = item.get_ref().get("id").and_then(|id| id.get_ref().as_str());
                        if let Some(id) = id {
                            places.top.push((vec![name.clone(), id.to_owned()], place(item.span().start)));
                        }
                    }
                }
                _ => {}
            }
        }
        places
    }

    /// A key of a clause; the clause where it has none of that name.
    pub(super) fn clause(&self, i: usize, key: &str) -> Place {
        let Some((start, keys)) = self.clauses.get(i) else { return (1, 1) };
        keys.iter().find(|(k, _)| k == key).map_or(*start, |(_, place)| *place)
    }

    /// The longest part of a path that is there.
    pub(super) fn top(&self, path: &[&str]) -> Place {
        let find = |n: usize| {
            self.top.iter().find(|(p, _)| p.iter().map(String::as_str).eq(path[..n].iter().copied()))
        };
        (1..=path.len()).rev().find_map(find).map_or((1, 1), |(_, place)| *place)
    }
}
