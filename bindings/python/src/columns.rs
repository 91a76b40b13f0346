//! Columns by the buffer protocol: inputs are read in place, results are lent as memoryviews. Nothing is copied.

use crate::contract::{Contract, bad_request};
use crate::convert::{instant, micros, type_name};
use crate::errors::{detached, input};
use opsledger::columns::{Columns, Figures};
use opsledger::error::Code;
use opsledger::time::Interval;
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyMemoryView;
use std::ffi::{CStr, c_int};
use std::marker::PhantomData;
use std::mem::{offset_of, size_of};
use std::sync::Arc;

/// A one-dimensional, contiguous buffer of signed integers that Python owns and we read in place.
pub(crate) struct Column<T: Integer> {
    /// Holds the exporter, which keeps address and size as long as we live.
    buffer: PyUntypedBuffer,
    of: PhantomData<T>,
}

/// The two types of numbers that columns have.
pub(crate) trait Integer: Copy {
    /// As messages say it.
    const NAME: &'static str;
}
impl Integer for i32 {
    const NAME: &'static str = "int32";
}
impl Integer for i64 {
    const NAME: &'static str = "int64";
}

/// True for signed integers in this machine's order; the exporter's item size says how many bytes (ctypes writes `<l` for
/// eight). PyO3's own check takes the wrong order for the right one.
fn is_signed(format: &CStr) -> bool {
    let ours = if cfg!(target_endian = "little") { b'<' } else { b'>' };
    match format.to_bytes() {
        [letter] | [b'@' | b'=', letter] => b"ilqn".contains(letter),
        [order, letter] => *order == ours && b"ilqn".contains(letter),
        _ => false,
    }
}

impl<T: Integer> Column<T> {
    /// The buffer of `value`; anything that would have to be converted is refused, because converting copies.
    pub(crate) fn get(value: &Bound<'_, PyAny>, what: &str) -> PyResult<Self> {
        let wanted = || {
            let kind = type_name(value);
            let detail =
                format!("{what} must be a one-dimensional, contiguous buffer of {}, not {kind}", T::NAME);
            input(value.py(), Code::WrongType, detail)
        };
        // A memoryview fills in the strides that some exporters (ctypes) leave out.
        let buffer =
            PyMemoryView::from(value).and_then(|view| PyUntypedBuffer::get(&view)).map_err(|_| wanted())?;
        let typed = buffer.item_size() == size_of::<T>() && is_signed(buffer.format());
        // An empty `array.array` points to an odd address.
        let aligned = buffer.item_count() == 0 || buffer.buf_ptr().cast::<T>().is_aligned();
        if typed && aligned && buffer.dimensions() == 1 && buffer.is_c_contiguous() {
            Ok(Column { buffer, of: PhantomData })
        } else {
            Err(wanted())
        }
    }

    pub(crate) fn slice(&self) -> &[T] {
        match self.buffer.item_count() {
            0 => &[],
            // SAFETY: the exporter keeps the memory while the buffer is held, and `get` checked type, order, alignment and that
            // it is contiguous. That nobody writes to it meanwhile is the caller's part, as the docstrings say (as for every
            // library that reads a buffer without the interpreter lock); a torn number would be a wrong number, no wild
            // access: core checks every index.
            count => unsafe { std::slice::from_raw_parts(self.buffer.buf_ptr().cast::<T>(), count) },
        }
    }
}

/// Rows between two looks at whether Ctrl-C was pressed.
const ROWS_PER_CHECK: usize = 1 << 16;

/// Runs `step` over rows (errors get their row from 1), and asks every so often whether a signal is pending: then its
/// exception is left in `interrupted`.
pub(crate) fn checked_rows<I: Iterator>(
    interrupted: &mut Option<PyErr>,
    rows: I,
    mut step: impl FnMut(I::Item) -> opsledger::Result<()>,
) -> opsledger::Result<()> {
    for (i, row) in rows.enumerate() {
        if i % ROWS_PER_CHECK == ROWS_PER_CHECK - 1
            && let Err(e) = Python::attach(|py| py.check_signals())
        {
            *interrupted = Some(e);
            return Err(opsledger::Error::new(Code::Cancelled, ""));
        }
        step(row).map_err(|e| e.at_row(i as u64 + 1))?;
    }
    Ok(())
}

/// Memory of ours that Python may look at: a column of int64, one item every `stride` bytes.
#[pyclass(frozen, module = "opsledger")]
pub(crate) struct Int64Column {
    owner: Owner,
    offset: usize,
    shape: [ffi::Py_ssize_t; 1],
    strides: [ffi::Py_ssize_t; 1],
}

enum Owner {
    Plain(Vec<i64>),
    Figures(Arc<Vec<Figures>>),
}

impl Owner {
    fn start(&self) -> *const u8 {
        match self {
            Owner::Plain(v) => v.as_ptr().cast(),
            Owner::Figures(v) => v.as_ptr().cast(),
        }
    }
}

impl Int64Column {
    pub(crate) fn view(py: Python<'_>, values: Vec<i64>) -> PyResult<Bound<'_, PyMemoryView>> {
        let len = values.len();
        Self::memoryview(py, Owner::Plain(values), 0, len, size_of::<i64>())
    }

    fn figure<'py>(
        py: Python<'py>,
        rows: &Arc<Vec<Figures>>,
        offset: usize,
    ) -> PyResult<Bound<'py, PyMemoryView>> {
        Self::memoryview(py, Owner::Figures(rows.clone()), offset, rows.len(), size_of::<Figures>())
    }

    fn memoryview(
        py: Python<'_>,
        owner: Owner,
        offset: usize,
        len: usize,
        stride: usize,
    ) -> PyResult<Bound<'_, PyMemoryView>> {
        // Lengths and strides of allocations fit an isize.
        let column = Int64Column {
            owner,
            offset,
            shape: [len as ffi::Py_ssize_t],
            strides: [stride as ffi::Py_ssize_t],
        };
        PyMemoryView::from(Bound::new(py, column)?.as_any())
    }
}

#[pymethods]
impl Int64Column {
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("no view to fill"));
        }
        let this = slf.get();
        let packed = this.strides[0] == size_of::<i64>() as ffi::Py_ssize_t;
        if flags & ffi::PyBUF_WRITABLE == ffi::PyBUF_WRITABLE {
            return Err(PyBufferError::new_err("results are read-only"));
        }
        if !packed && flags & ffi::PyBUF_STRIDES != ffi::PyBUF_STRIDES {
            return Err(PyBufferError::new_err(
                "this column is strided; ask for strides, or copy it with tobytes()",
            ));
        }
        // SAFETY: `view` points to a Py_buffer to fill (checked above for null). Everything it is given points into `this`, which
        // `obj` keeps alive and which never changes (frozen); the readers only read.
        unsafe {
            let asked = |flag, pointer: *const ffi::Py_ssize_t| {
                if flags & flag == flag { pointer.cast_mut() } else { std::ptr::null_mut() }
            };
            (*view).buf =
                this.owner.start().add(if this.shape[0] == 0 { 0 } else { this.offset }).cast_mut().cast();
            (*view).len = this.shape[0] * size_of::<i64>() as ffi::Py_ssize_t;
            (*view).readonly = 1;
            (*view).itemsize = size_of::<i64>() as ffi::Py_ssize_t;
            (*view).format = if flags & ffi::PyBUF_FORMAT == ffi::PyBUF_FORMAT {
                c"q".as_ptr().cast_mut()
            } else {
                std::ptr::null_mut()
            };
            (*view).ndim = 1;
            (*view).shape = asked(ffi::PyBUF_ND, this.shape.as_ptr());
            (*view).strides = asked(ffi::PyBUF_STRIDES, this.strides.as_ptr());
            (*view).suboffsets = std::ptr::null_mut();
            (*view).internal = std::ptr::null_mut();
            (*view).obj = slf.into_any().into_ptr();
        }
        Ok(())
    }
}

/// Figures of many systems, a row each: columns of int64 (`memoryview`, read-only; `numpy.asarray` takes them as they are).
#[pyclass(frozen, module = "opsledger")]
pub(crate) struct SystemFigures {
    rows: Arc<Vec<Figures>>,
}

#[pymethods]
impl SystemFigures {
    /// Long episodes that count in the period.
    #[getter]
    fn long_count<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMemoryView>> {
        Int64Column::figure(py, &self.rows, offset_of!(Figures, long))
    }

    /// Short episodes that count in the period.
    #[getter]
    fn short_count<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMemoryView>> {
        Int64Column::figure(py, &self.rows, offset_of!(Figures, short))
    }

    /// Open episodes below `long_from`.
    #[getter]
    fn pending_count<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMemoryView>> {
        Int64Column::figure(py, &self.rows, offset_of!(Figures, pending))
    }

    /// Downtime inside the period, microseconds.
    #[getter]
    fn downtime_us<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMemoryView>> {
        Int64Column::figure(py, &self.rows, offset_of!(Figures, downtime))
    }

    /// Planned time inside the elapsed period that is not counted downtime, microseconds.
    #[getter]
    fn planned_us<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyMemoryView>> {
        Int64Column::figure(py, &self.rows, offset_of!(Figures, planned))
    }

    fn __len__(&self) -> usize {
        self.rows.len()
    }

    fn __repr__(&self) -> String {
        format!("<opsledger.SystemFigures of {} systems>", self.rows.len())
    }
}

/// Figures of many systems from columns of outages, through the kernel that the rules use.
///
/// `system` is a buffer of int32 (0 to `systems` - 1), `start` and `end` of int64 microseconds since 1970-01-01T00:00:00Z
/// (`end` = 2**63 - 1 while open), a row an outage. Planned windows are three more such buffers (`window_system` -1: all
/// systems). Buffers (NumPy, `array.array`, `memoryview`) are read in place, read-only ones too, and the interpreter lock is
/// released: do not write to them meanwhile. `contract` gives `period`, `merge_gap` and `long_from` where they are not given.
///
/// Raises InputError: `wrong-type` for a buffer of another type or shape, `bad-request` for columns of unequal length,
/// `out-of-range` or `end-before-start` with the row.
#[pyfunction]
#[pyo3(signature = (system, start, end, *, systems, as_of, contract=None, period=None, merge_gap=None, long_from=None,
    window_system=None, window_start=None, window_end=None))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn outages_batch<'py>(
    py: Python<'py>,
    system: &Bound<'py, PyAny>,
    start: &Bound<'py, PyAny>,
    end: &Bound<'py, PyAny>,
    systems: usize,
    as_of: &Bound<'py, PyAny>,
    contract: Option<&Bound<'py, Contract>>,
    period: Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    merge_gap: Option<&Bound<'py, PyAny>>,
    long_from: Option<&Bound<'py, PyAny>>,
    window_system: Option<&Bound<'py, PyAny>>,
    window_start: Option<&Bound<'py, PyAny>>,
    window_end: Option<&Bound<'py, PyAny>>,
) -> PyResult<SystemFigures> {
    let terms = contract.map(|c| &c.get().inner);
    let missing = |what: &str| bad_request(py, format!("{what} is needed where no contract gives it"));
    let period = match (period, terms) {
        (Some((from, to)), _) => Interval::new(instant(&from, "period")?, instant(&to, "period")?),
        (None, Some(contract)) => contract.period,
        (None, None) => return Err(missing("period")),
    };
    let duration = |given: Option<&Bound<'py, PyAny>>, of_contract: Option<i64>, what: &str| match given {
        Some(value) => micros(value, what).map_err(PyErr::from),
        None => of_contract.ok_or_else(|| missing(what)),
    };
    let merge_gap = duration(merge_gap, terms.map(|c| c.accounting.merge_gap), "merge_gap")?;
    let long_from = duration(long_from, terms.map(|c| c.accounting.long_from), "long_from")?;
    let as_of = instant(as_of, "as_of")?;
    let (system, start, end) = (
        Column::<i32>::get(system, "system")?,
        Column::<i64>::get(start, "start")?,
        Column::<i64>::get(end, "end")?,
    );
    let windows = match (window_system, window_start, window_end) {
        (None, None, None) => None,
        (Some(system), Some(start), Some(end)) => Some((
            Column::<i32>::get(system, "window_system")?,
            Column::<i64>::get(start, "window_start")?,
            Column::<i64>::get(end, "window_end")?,
        )),
        _ => return Err(bad_request(py, "window_system, window_start and window_end belong together")),
    };
    let rows = detached(py, || {
        let mut rows = Vec::new();
        rows.try_reserve_exact(systems)
            .map_err(|_| opsledger::Error::new(Code::OutOfRange, format!("systems = {systems}")))?;
        rows.resize(systems, Figures::default());
        let (window_system, window_start, window_end): (&[i32], &[i64], &[i64]) = match &windows {
            Some((system, start, end)) => (system.slice(), start.slice(), end.slice()),
            None => (&[], &[], &[]),
        };
        let columns = Columns {
            system: system.slice(),
            start: start.slice(),
            end: end.slice(),
            window_system,
            window_start,
            window_end,
            period,
            as_of,
            merge_gap,
            long_from,
        };
        opsledger::columns::outages(&columns, &mut rows)?;
        Ok(rows)
    })?;
    Ok(SystemFigures { rows: Arc::new(rows) })
}
