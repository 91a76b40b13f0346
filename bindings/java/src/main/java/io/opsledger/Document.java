package io.opsledger;

/** A file of a document that people sign. */
public final class Document {
    private final String name;
    private final String mediaType;
    private final byte[] bytes;

    Document(String name, String mediaType, byte[] bytes) {
        this.name = name;
        this.mediaType = mediaType;
        this.bytes = bytes;
    }

    /** What it is called: no absolute path; parts are separated by {@code /}. */
    public String name() {
        return name;
    }

    /** What it is, such as {@code text/html; charset=utf-8}. */
    public String mediaType() {
        return mediaType;
    }

    /** Its content; a copy of the caller's own. */
    public byte[] bytes() {
        return bytes.clone();
    }

    @Override
    public String toString() {
        return name + " (" + bytes.length + " bytes)";
    }
}
