using Microsoft.Extensions.FileProviders;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Reads the section <c>Logging</c> of a file that an operator may change while the daemon runs.</summary>
internal static class LoggingFile
{
    /// <summary>Adds the file named by <see cref="DaemonOptions.LoggingFile"/>, if one is, above all other sources.</summary>
    /// <param name="configuration">The daemon's configuration.</param>
    /// <param name="daemon">Its section <c>EmbeddingGrpc</c>.</param>
    /// <exception cref="InvalidSettingException">The folder does not exist.</exception>
    /// <remarks>
    /// The file is polled: a ConfigMap is swapped by renaming a link, which notifications of the file system miss. A file that turns malformed is
    /// reported on standard error and leaves the levels of the other sources in force until it is right again.
    /// </remarks>
    public static void Add(IConfigurationBuilder configuration, IConfigurationSection daemon)
    {
        var path = daemon[nameof(DaemonOptions.LoggingFile)];
        if (string.IsNullOrEmpty(path)) return;
        path = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder)) throw new InvalidSettingException($"LoggingFile: the folder '{folder}' does not exist; make it, or name another file.");
        configuration.AddJsonFile(file =>
        {
            file.FileProvider = new PhysicalFileProvider(folder) { UsePollingFileWatcher = true, UseActivePolling = true };
            file.Path = Path.GetFileName(path);
            file.Optional = true;
            file.ReloadOnChange = true;
            file.OnLoadException = failure =>
            {
                Console.Error.WriteLine($"LoggingFile '{path}' cannot be read, so the other settings of logging hold: {failure.Exception.Message} {failure.Exception.InnerException?.Message}");
                failure.Ignore = true;
            };
        });
    }
}
