namespace EmbeddingGrpc.Server.Hosting;

/// <summary>
/// Keeps the host from logging a failed start with its stack trace: the exception reaches whoever starts the daemon, who says in a line what
/// is wrong. Once the daemon has started, what the host logs is logged.
/// </summary>
internal sealed class StartLog
{
    private volatile bool _started;

    private StartLog()
    {
    }

    public static StartLog Quieten(ILoggingBuilder logging)
    {
        var startLog = new StartLog();
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => startLog._started && level >= LogLevel.Information);
        return startLog;
    }

    public void Restore() => _started = true;
}
