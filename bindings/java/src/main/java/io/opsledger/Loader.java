package io.opsledger;

import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;

/**
 * Finds and loads the shared library: the file that the system property {@code opsledger.library} names, else the one on {@code
 * java.library.path}, else the one inside the jar, extracted once a version and user.
 *
 * <p>A JVM refuses one path in two class loaders, and a copy of the file would be a second SQLite on the same ledgers. So each class
 * loader loads a hard link of its own to the one file: for the kernel and the dynamic linker they are the same.
 */
final class Loader {
    /** Names the library's file. */
    static final String LIBRARY = "opsledger.library";
    /** Names the folder to extract into. */
    static final String CACHE = "opsledger.cache";

    private static final String FILE = "libopsledger.so";
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    private Loader() {}

    static void load() {
        Path library = find();
        loadOwnLink(library);
        check(library);
    }

    private static Path find() {
        String named = System.getProperty(LIBRARY);
        if (named != null) {
            Path file = Paths.get(named).toAbsolutePath();
            if (!Files.isRegularFile(file)) {
                throw new UnsatisfiedLinkError(LIBRARY + " = " + named + ": no such file");
            }
            return file;
        }
        for (String folder : System.getProperty("java.library.path", "").split(File.pathSeparator)) {
            Path file = Paths.get(folder, FILE).toAbsolutePath();
            if (!folder.isEmpty() && Files.isRegularFile(file)) {
                return file;
            }
        }
        return extract();
    }

    /** Where this platform's library lies in the jar. */
    static String resource() {
        String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        String machine = arch.equals("amd64") ? "x86_64" : arch.equals("arm64") ? "aarch64" : arch;
        return "native/" + os + "-" + machine + (isMusl(machine) ? "-musl" : "") + "/" + FILE;
    }

    private static boolean isMusl(String machine) {
        return Files.exists(Paths.get("/lib/ld-musl-" + machine + ".so.1"))
                && !Files.exists(Paths.get("/lib64/ld-linux-x86-64.so.2"))
                && !Files.exists(Paths.get("/lib/ld-linux-aarch64.so.1"));
    }

    private static Path extract() {
        String resource = resource();
        byte[] bytes;
        URL url = Loader.class.getClassLoader().getResource(resource);
        if (url == null) {
            throw new UnsatisfiedLinkError("this jar has no library for this platform (" + resource
                    + "): name one with -D" + LIBRARY + "=/path/" + FILE);
        }
        try {
            bytes = readAll(url.openConnection());
        } catch (IOException e) {
            throw failed("cannot read " + resource + " from the jar", e);
        }
        String name = "libopsledger-" + sha256(bytes).substring(0, 32) + ".so";
        List<String> tried = new ArrayList<>();
        for (Path folder : folders()) {
            try {
                return place(bytes, ownFolder(folder), name);
            } catch (IOException | RuntimeException e) {
                tried.add(folder + ": " + e);
            }
        }
        throw new UnsatisfiedLinkError("cannot extract " + FILE + " (name a writable folder with -D" + CACHE
                + " or the file itself with -D" + LIBRARY + "): " + String.join("; ", tried));
    }

    /** Folders to extract into, best first. */
    private static List<Path> folders() {
        List<Path> folders = new ArrayList<>();
        String named = System.getProperty(CACHE);
        if (named != null) {
            folders.add(Paths.get(named).toAbsolutePath());
            return folders;
        }
        String cache = System.getenv("XDG_CACHE_HOME");
        String home = System.getProperty("user.home", "");
        if (cache != null && cache.startsWith("/")) {
            folders.add(Paths.get(cache, "opsledger"));
        } else if (home.startsWith("/")) {
            folders.add(Paths.get(home, ".cache", "opsledger"));
        }
        String user = System.getProperty("user.name", "user").replaceAll("[^A-Za-z0-9_.-]", "_");
        folders.add(Paths.get(System.getProperty("java.io.tmpdir", "/tmp"), "opsledger-" + user));
        return folders;
    }

    /** The folder, made if need be, and nobody else's to write: whoever can write there decides what we load. */
    private static Path ownFolder(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectories(folder.getParent());
            try {
                Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            } catch (FileAlreadyExistsException e) {
                if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                    throw e;
                }
            }
        }
        Set<PosixFilePermission> open = EnumSet.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);
        open.retainAll(Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS));
        if (!open.isEmpty()) {
            throw new IOException("others may write there");
        }
        return folder;
    }

    /** The file under its checksum's name: written beside, then linked, so that nobody ever sees half of it or two of them. */
    static Path place(byte[] bytes, Path folder, String name) throws IOException {
        Path target = folder.resolve(name);
        Path fresh = folder.resolve(name + "." + UUID.randomUUID() + ".tmp");
        try {
            Files.createFile(fresh, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            // Its owner is who we are: a file of anybody else's under the name is not ours to load.
            Object us = Files.getOwner(fresh);
            if (isOurs(target, us, bytes.length)) {
                return target;
            }
            Files.write(fresh, bytes);
            try {
                Files.createLink(target, fresh);
            } catch (FileAlreadyExistsException e) {
                if (!isOurs(target, us, bytes.length)) {
                    throw new IOException(target + " is not what this jar holds: delete it", e);
                }
            } catch (UnsupportedOperationException | IOException e) {
                Files.move(fresh, target); // a file system without links: the file itself, never over another
            }
            return target;
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    private static boolean isOurs(Path file, Object us, long size) throws IOException {
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                && Files.size(file) == size
                && Files.getOwner(file, LinkOption.NOFOLLOW_LINKS).equals(us);
    }

    private static void loadOwnLink(Path library) {
        Path link = null;
        Exception why = null;
        try {
            Path real = library.toRealPath();
            Path candidate = real.resolveSibling("." + real.getFileName() + "." + UUID.randomUUID());
            link = Files.createLink(candidate, real);
        } catch (UnsupportedOperationException | IOException | SecurityException e) {
            why = e; // a read-only folder, or a file system without links: the first class loader can still have the file itself
        }
        try {
            System.load((link == null ? library : link).toString());
        } catch (UnsatisfiedLinkError e) {
            if (why == null) {
                throw e;
            }
            UnsatisfiedLinkError error = new UnsatisfiedLinkError(e.getMessage()
                    + "; a second class loader needs a hard link of its own, and none can be made there (" + why
                    + "): put the jar into a class loader that the applications share, or the library into a folder that can be "
                    + "written (-D" + CACHE + " or -D" + LIBRARY + ")");
            error.initCause(e);
            throw error;
        } finally {
            remove(link);
        }
    }

    /** A link that is loaded stays mapped without its name. */
    private static void remove(Path link) {
        try {
            if (link != null) {
                Files.deleteIfExists(link);
            }
        } catch (IOException e) {
            link.toFile().deleteOnExit();
        }
    }

    /** Major and minor version of this jar, as the library numbers its own. */
    static final int ABI = abi(version());

    private static int abi(String version) {
        String[] parts = version.split("\\.");
        return Integer.parseInt(parts[0]) << 16 | Integer.parseInt(parts[1]);
    }

    /** The version that the build wrote into the jar. */
    static String version() {
        URL url = Loader.class.getResource("version.txt");
        if (url == null) {
            throw new UnsatisfiedLinkError("io/opsledger/version.txt is missing from this jar");
        }
        try {
            return new String(readAll(url.openConnection()), StandardCharsets.US_ASCII).trim();
        } catch (IOException e) {
            throw failed("cannot read the version of this jar", e);
        }
    }

    private static void check(Path library) {
        int abi;
        try {
            abi = Native.abiVersion();
        } catch (UnsatisfiedLinkError e) {
            throw failed(library + " has no functions for Java", e);
        }
        if (abi >>> 16 != ABI >>> 16 || abi < ABI) {
            throw new UnsatisfiedLinkError(library + " has the version " + (abi >>> 16) + "." + (abi & 0xffff)
                    + ", this jar needs " + (ABI >>> 16) + "." + (ABI & 0xffff) + ": install the library of that version");
        }
    }

    private static UnsatisfiedLinkError failed(String what, Throwable cause) {
        UnsatisfiedLinkError error = new UnsatisfiedLinkError(what + ": " + cause);
        error.initCause(cause);
        return error;
    }

    /** The whole resource, in one array of its size: small heaps have no room for a growing one beside it. */
    private static byte[] readAll(URLConnection resource) throws IOException {
        int size = resource.getContentLength();
        if (size < 0) {
            throw new IOException("the jar does not say how long it is");
        }
        byte[] bytes = new byte[size];
        try (DataInputStream in = new DataInputStream(resource.getInputStream())) {
            in.readFully(bytes);
        }
        return bytes;
    }

    private static String sha256(byte[] bytes) {
        try {
            StringBuilder hex = new StringBuilder();
            for (byte b : MessageDigest.getInstance("SHA-256").digest(bytes)) {
                hex.append(String.format("%02x", b));
            }
            return hex.toString();
        } catch (NoSuchAlgorithmException e) {
            throw failed("SHA-256", e);
        }
    }
}
