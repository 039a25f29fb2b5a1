namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>Names that only programs started with <c>LD_PRELOAD</c> and <c>NSS_WRAPPER_HOSTS</c> see. Like a name server it may change its mind.</summary>
internal sealed class HostsFile(string path)
{
    public string Path { get; } = path;

    /// <returns>The library's full path; see <see cref="InstalledProgram.Missing"/> for where there is none.</returns>
    public static string RequireLibrary()
    {
        string[] folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
        if (folders.Select(folder => System.IO.Path.Combine(folder, "libnss_wrapper.so")).FirstOrDefault(File.Exists) is { } library) return library;
        InstalledProgram.Missing("libnss_wrapper.so is not installed; .ci/run installs it (Debian's libnss-wrapper).");
        return "";
    }

    public void Set(string name, params string[] addresses)
    {
        // Never half a file for who reads it now.
        var next = Path + ".next";
        File.WriteAllLines(next, addresses.Select(address => $"{address} {name}"));
        File.Move(next, Path, overwrite: true);
    }
}
