//! Sets of intervals as free functions over slices.
