//! Incidents: what corrections make of the opening report. See the accounting page, two parties and clocks 4 to 6.

use super::Item;
use super::agreement::Lens;
use serde_json::{Map, Value};

/// What the opening fact of a case says, after corrections, in a view.
pub(crate) struct Report<'a> {
    opening: &'a Item,
    fixes: Vec<&'a Item>,
    lens: Lens<'a>,
}

impl<'a> Report<'a> {
    /// `fixes`: in the order in which they hold.
    pub(crate) fn new(opening: &'a Item, fixes: Vec<&'a Item>, lens: Lens<'a>) -> Self {
        Report { opening, fixes, lens }
    }
    pub(crate) fn withdrawn(&self) -> bool {
        self.fixes.iter().any(|f| f.kind.name == "incident.withdraw")
    }
    pub(crate) fn duplicate(&self) -> bool {
        self.fixes.iter().any(|f| f.kind.name == "incident.duplicate")
    }
    /// A field of the opening fact as corrected; what waits for a confirmation stays as it was.
    pub(crate) fn value(&self, field: &str) -> Option<Value> {
        if field == "attribution" {
            return self.fields().any(|b| b.contains_key(field)).then(|| self.attribution().into());
        }
        let last = self.fields().rev().find_map(|b| b.get(field))?;
        if last.is_boolean() { Some(self.flag(field).into()) } else { Some(last.clone()) }
    }
    fn fields(&self) -> impl DoubleEndedIterator<Item = &'a Map<String, Value>> + '_ {
        let items = std::iter::once(self.opening).chain(self.fixes.iter().copied());
        items.filter_map(|i| i.body.as_deref())
    }
    /// Whose it is; until confirmed, an attribution to anyone but the supplier reads `supplier`.
    pub(crate) fn attribution(&self) -> &'a str {
        let stated = std::iter::once(self.opening).chain(self.fixes.iter().copied());
        let last = stated.rev().find(|i| i.text("attribution").is_some());
        let Some((item, party)) = last.and_then(|i| Some((i, i.text("attribution")?))) else {
            return "supplier";
        };
        if party != "supplier" && self.lens.hides_attribution(item.seq) { "supplier" } else { party }
    }
    /// A field that is true or false; left out: false. Lowered to false without a confirmation that is needed: as before.
    pub(crate) fn flag(&self, field: &str) -> bool {
        self.flag_lowered(field).0
    }
    /// The same, and the entries that lower it.
    fn flag_lowered(&self, field: &str) -> (bool, Vec<u64>) {
        let mut value = self.opening.flag(field) == Some(true);
        let mut lowered = Vec::new();
        for fix in &self.fixes {
            match fix.flag(field) {
                Some(false) if value => {
                    lowered.push(fix.seq);
                    value = self.lens.hides_lowering(fix.seq);
                }
                Some(new) => value = new,
                None => {}
            }
        }
        (value, lowered)
    }
    /// Entries that set `affects_use` to false.
    pub(crate) fn lowering(&self) -> Vec<u64> {
        self.flag_lowered("affects_use").1
    }
    /// A text field as the opening fact says it.
    pub(crate) fn opening_text(&self, field: &str) -> Option<&'a str> {
        self.opening.text(field)
    }
    /// The corrections of a text field, in the order in which they hold.
    pub(crate) fn changes(&self, field: &'a str) -> impl Iterator<Item = (&'a Item, &'a str)> + '_ {
        self.fixes.iter().filter_map(move |f| Some((*f, f.text(field)?)))
    }
}
