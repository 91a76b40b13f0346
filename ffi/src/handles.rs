//! What a handle is: a value that is dead after a panic in one of its calls, and for Java a numbered slot instead of a pointer.

use opsledger::{Code, Error, Result};
use parking_lot::RwLock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A value behind a handle. A panic may have left it half changed, so every later call answers `internal`.
pub(crate) struct Handle<T> {
    value: T,
    dead: AtomicBool,
}

impl<T> Handle<T> {
    pub(crate) fn new(value: T) -> Self {
        Handle { value, dead: AtomicBool::new(false) }
    }
    /// Runs one call on the value.
    pub(crate) fn run<R>(&self, call: impl FnOnce(&T) -> Result<R>) -> Result<R> {
        if self.dead.load(Ordering::Acquire) {
            return Err(Error::new(Code::Internal, "an earlier call on this handle failed within")
                .with_hints("open it again", "请重新打开"));
        }
        let alarm = Alarm(&self.dead);
        let result = call(&self.value);
        std::mem::forget(alarm);
        result
    }
}

/// What the header promises: any number of threads may use a handle at once.
const fn shared_between_threads<T: Send + Sync>() {}
const _: () = {
    shared_between_threads::<crate::contract::opsl_contract>();
    shared_between_threads::<crate::ledger::opsl_ledger>();
    shared_between_threads::<crate::account::opsl_account>();
    shared_between_threads::<crate::answers::opsl_documents>();
};

/// Dropped only by unwinding.
struct Alarm<'a>(&'a AtomicBool);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Handles as numbers: slot in the low 32 bits, generation above, so that a closed one is recognised for ever. Positive.
pub(crate) struct Table<T> {
    inner: RwLock<Slots<T>>,
}

struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

struct Slot<T> {
    generation: u32,
    value: Option<Arc<T>>,
}

/// The last generation of a slot: 31 bits, then the slot is used no more.
const LAST_GENERATION: u32 = i32::MAX as u32;

impl<T> Table<T> {
    pub(crate) const fn new() -> Self {
        Table { inner: RwLock::new(Slots { slots: Vec::new(), free: Vec::new() }) }
    }
    /// Takes a value in and gives its number.
    pub(crate) fn insert(&self, value: T) -> Result<i64> {
        let value = Some(Arc::new(value));
        let mut inner = self.inner.write();
        if let Some(index) = inner.free.pop()
            && let Some(slot) = inner.slots.get_mut(index as usize)
        {
            slot.generation += 1;
            slot.value = value;
            return Ok(number(index, slot.generation));
        }
        let index = u32::try_from(inner.slots.len())
            .map_err(|_| Error::new(Code::OutOfRange, "more than 2^32 open handles"))?;
        inner.slots.push(Slot { generation: 1, value });
        Ok(number(index, 1))
    }
    /// The value, kept alive for as long as the caller holds it.
    pub(crate) fn get(&self, handle: i64) -> Result<Arc<T>> {
        let (index, generation) = parts(handle);
        match self.inner.read().slots.get(index) {
            Some(slot) if slot.generation == generation => slot.value.clone(),
            _ => None,
        }
        .ok_or_else(|| Error::new(Code::Closed, ""))
    }
    /// Lets the value go; a number that is closed already is fine.
    pub(crate) fn remove(&self, handle: i64) {
        let (index, generation) = parts(handle);
        let mut inner = self.inner.write();
        let gone = match inner.slots.get_mut(index) {
            Some(slot) if slot.generation == generation => slot.value.take(),
            _ => None,
        };
        if gone.is_some() && generation < LAST_GENERATION {
            inner.free.push(index as u32);
        }
        drop(inner);
        drop(gone); // may close a file: not while others wait for the table
    }
}

fn number(index: u32, generation: u32) -> i64 {
    i64::from(generation) << 32 | i64::from(index)
}

fn parts(handle: i64) -> (usize, u32) {
    ((handle as u64 & 0xffff_ffff) as usize, (handle as u64 >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_number_stays_closed_when_its_slot_is_used_again() {
        let table = Table::new();
        let first = table.insert("first").unwrap();
        assert!(first > 0);
        let kept = table.get(first).unwrap();
        table.remove(first);
        table.remove(first);
        assert_eq!(*kept, "first");
        let second = table.insert("second").unwrap();
        assert_ne!(first, second);
        assert_eq!(parts(first).0, parts(second).0);
        assert_eq!(table.get(first).unwrap_err().code(), Code::Closed);
        assert_eq!(*table.get(second).unwrap(), "second");
        for wrong in [0, -1, i64::MIN, i64::MAX, second + 1, second + (1 << 32)] {
            assert_eq!(table.get(wrong).unwrap_err().code(), Code::Closed, "{wrong}");
            table.remove(wrong);
        }
        assert_eq!(*table.get(second).unwrap(), "second");
    }

    #[test]
    fn a_slot_retires_after_its_last_generation() {
        let table = Table::new();
        let first = table.insert(1).unwrap();
        table.inner.write().slots[0].generation = LAST_GENERATION;
        let last = first & 0xffff_ffff | i64::from(LAST_GENERATION) << 32;
        assert_eq!(*table.get(last).unwrap(), 1);
        table.remove(last);
        assert_eq!(parts(table.insert(2).unwrap()), (1, 1));
    }

    #[test]
    fn a_handle_is_dead_after_a_panic_only() {
        let handle = Handle::new(5);
        assert!(handle.run(|_| Err::<(), _>(Error::new(Code::Busy, ""))).is_err());
        assert_eq!(handle.run(|n| Ok(*n)).unwrap(), 5);
        assert!(crate::guard::catch(|| handle.run(|_| -> Result<()> { panic!("half done") })).is_err());
        assert_eq!(handle.run(|n| Ok(*n)).unwrap_err().code(), Code::Internal);
    }
}
