//! More manifests that are refused: name, text, kind.

/// Beside those of the vectors.
pub(crate) const MORE: &[(&str, &str, &str)] = &[
    ("no version", "{\"not-expected\": 1}\n", "manifest-broken"),
    ("unexpected version", "{\"PostgreSQL-Backup-Manifest-Version\": 9876599}\n", "manifest-broken"),
    ("unknown field", "{\"PostgreSQL-Backup-Manifest-Version\": 1, \"Oops\": 1}\n", "manifest-broken"),
    (
        "unknown field of a file",
        "{\"PostgreSQL-Backup-Manifest-Version\": 1, \"Files\": [{\"Oops\": 1}]}\n",
        "manifest-broken",
    ),
    ("missing path", "{\"PostgreSQL-Backup-Manifest-Version\": 1, \"Files\": [{}]}\n", "manifest-broken"),
    (
        "size is no integer",
        "{\"PostgreSQL-Backup-Manifest-Version\": 1, \"Files\": [{\"Path\": \"x\", \"Size\": \"Oops\"}]}\n",
        "manifest-broken",
    ),
    (
        "unknown algorithm",
        "{\"PostgreSQL-Backup-Manifest-Version\": 1, \"Files\": [{\"Path\": \"x\", \"Size\": 100, \
         \"Checksum-Algorithm\": \"Oops\", \"Checksum\": \"00\"}]}\n",
        "manifest-broken",
    ),
    (
        "unknown field of a WAL range",
        "{\"PostgreSQL-Backup-Manifest-Version\": 1, \"WAL-Ranges\": [{\"Oops\": 1}]}\n",
        "manifest-broken",
    ),
    (
        "missing start LSN",
        "{\"PostgreSQL-Backup-Manifest-Version\": 1, \"WAL-Ranges\": [{\"Timeline\": 1}]}\n",
        "manifest-broken",
    ),
    (
        "start LSN is none",
        "{\"PostgreSQL-Backup-Manifest-Version\": 1, \"WAL-Ranges\": [{\"Timeline\": 1, \
         \"Start-LSN\": \"oops\", \"End-LSN\": \"0/0\"}]}\n",
        "manifest-broken",
    ),
    (
        "one line",
        "{\"PostgreSQL-Backup-Manifest-Version\": 1, \"Files\": [], \"Manifest-Checksum\": null}\n",
        "manifest-broken",
    ),
    (
        "no checksum",
        "{\"PostgreSQL-Backup-Manifest-Version\": 1,\n \"Files\": [],\n \"Manifest-Checksum\": null}\n",
        "manifest-broken",
    ),
    (
        "checksum is none",
        "{\"PostgreSQL-Backup-Manifest-Version\": 1,\n \"Files\": [],\n \"Manifest-Checksum\": \"oops\"}\n",
        "manifest-broken",
    ),
    (
        "checksum is another",
        "{\"PostgreSQL-Backup-Manifest-Version\": 1,\n \"Files\": [],\n \"Manifest-Checksum\": \
         \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}\n",
        "manifest-changed",
    ),
    ("deep", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n", "manifest-broken"),
];
