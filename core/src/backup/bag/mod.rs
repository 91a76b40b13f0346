//! BagIt (RFC 8493), versions 0.93 to 1.0 read, 1.0 written.
