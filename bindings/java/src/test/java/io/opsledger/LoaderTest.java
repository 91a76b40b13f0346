package io.opsledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoaderTest {
    private static final Path CLASSES = Paths.get("target/classes").toAbsolutePath();

    @TempDir Path folder;

    /** The product's classes once more, as a web application that was deployed again has them. */
    private static URLClassLoader deploy() throws IOException {
        return new URLClassLoader(new URL[] {CLASSES.toUri().toURL()}, ClassLoader.getSystemClassLoader().getParent());
    }

    private static Object call(ClassLoader loader, String type, String method, Class<?>[] types, Object... arguments)
            throws Exception {
        try {
            return loader.loadClass("io.opsledger." + type).getMethod(method, types).invoke(null, arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Error) {
                throw (Error) e.getCause();
            }
            throw e;
        }
    }

    private static Object version(ClassLoader loader) throws Exception {
        return call(loader, "OpsLedger", "version", new Class<?>[0]);
    }

    /** Inodes of the library that this process has mapped. */
    private static Set<String> mapped() throws IOException {
        try (Stream<String> lines = Files.lines(Paths.get("/proc/self/maps"))) {
            return lines.filter(l -> l.contains("libopsledger"))
                    .map(l -> l.split(" +")[3] + " " + l.split(" +")[4])
                    .collect(Collectors.toSet());
        }
    }

    @Test
    void classLoadersShareOneCopyOfTheLibrary() throws Exception {
        String own = OpsLedger.version();
        Path path = folder.resolve("books");
        try (Ledger ledger = Ledger.open(path, new Ledger.Options().create());
                URLClassLoader first = deploy();
                URLClassLoader second = deploy()) {
            for (ClassLoader loader : Arrays.asList(first, second)) {
                assertNotSame(OpsLedger.class, loader.loadClass("io.opsledger.OpsLedger"));
                assertEquals(own, version(loader));
                // A second SQLite would be refused here (second-copy), or lose the first one's locks.
                AutoCloseable other = (AutoCloseable) call(loader, "Ledger", "open", new Class<?>[] {Path.class}, path);
                other.getClass().getMethod("append", String.class).invoke(other, Samples.OUTAGE.replace("O-1", loader == first ? "A" : "B"));
                other.close();
            }
            assertEquals(4, ledger.head().seq);
        }
        assertEquals(1, mapped().size(), mapped().toString());
        // Errors are of the class loader's own exception.
        try (URLClassLoader third = deploy()) {
            try {
                call(third, "OpsLedger", "parseTime", new Class<?>[] {String.class}, "2026-01-01");
            } catch (InvocationTargetException e) {
                assertEquals(third.loadClass("io.opsledger.OpsLedgerException$Input"), e.getCause().getClass());
                return;
            }
        }
        throw new AssertionError("no exception");
    }

    @Test
    void noLinkStaysBehind() throws Exception {
        OpsLedger.version();
        Path cache = Paths.get(System.getProperty(Loader.CACHE));
        try (Stream<Path> files = Files.list(cache)) {
            List<String> names = files.map(f -> f.getFileName().toString()).collect(Collectors.toList());
            assertTrue(names.stream().allMatch(n -> n.matches("libopsledger-[0-9a-f]{32}\\.so")), names.toString());
            assertFalse(names.isEmpty());
        }
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(cache)));
    }

    @Test
    void manyProcessesPlaceOneFile() throws Exception {
        byte[] bytes = new byte[1 << 20];
        Arrays.fill(bytes, (byte) 7);
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Future<Path>> placed = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            placed.add(pool.submit(() -> Loader.place(bytes, folder, "lib.so")));
        }
        Set<Object> inodes = new java.util.HashSet<>();
        for (Future<Path> one : placed) {
            inodes.add(Files.getAttribute(one.get(), "unix:ino"));
        }
        pool.shutdown();
        assertEquals(1, inodes.size());
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
        assertEquals(bytes.length, Files.size(folder.resolve("lib.so")));
    }

    private static void with(String property, String value, Check check) throws Exception {
        String former = System.getProperty(property);
        System.setProperty(property, value);
        try {
            check.run();
        } finally {
            if (former == null) {
                System.clearProperty(property);
            } else {
                System.setProperty(property, former);
            }
        }
    }

    private interface Check {
        void run() throws Exception;
    }

    private static String failure() throws Exception {
        try (URLClassLoader loader = deploy()) {
            version(loader);
        } catch (UnsatisfiedLinkError e) {
            return e.getMessage();
        }
        throw new AssertionError("it was loaded");
    }

    @Test
    void aNamedFileComesFirst() throws Exception {
        with(Loader.LIBRARY, folder.resolve("none.so").toString(), () -> assertTrue(failure().contains("no such file"), failure()));
        // A sound library, but not ours.
        Path wrong = folder.resolve("wrong.so");
        Files.copy(Paths.get(System.getProperty("java.home"), "lib", "libprefs.so"), wrong);
        with(Loader.LIBRARY, wrong.toString(), () -> {
            String message = failure();
            assertTrue(message.contains("wrong.so has no functions for Java"), message);
        });
        Files.move(wrong, folder.resolve("libopsledger.so"));
        with("java.library.path", folder.toString(), () -> {
            String message = failure();
            assertTrue(message.contains("libopsledger.so has no functions for Java"), message);
        });
    }

    /** Where no link can be made the first class loader has the file itself, and the second is told what to do. */
    @Test
    void withoutLinksASecondClassLoaderIsToldWhy() throws Exception {
        OpsLedger.version();
        Path cache = Paths.get(System.getProperty(Loader.CACHE));
        Path extracted;
        try (Stream<Path> files = Files.list(cache)) {
            extracted = files.filter(f -> f.toString().endsWith(".so")).findFirst().get();
        }
        // A name so long that no longer one can stand beside it.
        char[] letters = new char[240];
        Arrays.fill(letters, 'x');
        Path named = cache.resolve(new String(letters) + ".so");
        Files.createLink(named, extracted);
        try (URLClassLoader first = deploy()) {
            with(Loader.LIBRARY, named.toString(), () -> {
                assertEquals(OpsLedger.version(), version(first));
                String message = failure();
                assertTrue(message.contains("already loaded in another classloader"), message);
                assertTrue(message.contains("class loader that the applications share"), message);
            });
        } finally {
            Files.delete(named);
        }
        assertEquals(1, mapped().size(), mapped().toString());
    }

    @Test
    void aFolderThatOthersMayWriteIsNotUsed() throws Exception {
        Path open = Files.createDirectory(folder.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        with(Loader.CACHE, open.toString(), () -> assertTrue(failure().contains("others may write"), failure()));
    }
}
