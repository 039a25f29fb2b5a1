using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.Cli.Demo;

/// <summary>Logs to a text writer, one line a message: the console logger would write to standard output, past the progress bars.</summary>
/// <param name="writer">Where to.</param>
/// <param name="minimum">Lesser messages are dropped.</param>
internal sealed class WriterLoggerProvider(TextWriter writer, LogLevel minimum) : ILoggerProvider
{
    private readonly TextWriter _writer = TextWriter.Synchronized(writer);

    public ILogger CreateLogger(string categoryName) => new WriterLogger(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class WriterLogger(WriterLoggerProvider provider, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= provider.Minimum;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            provider._writer.WriteLine($"daemon: {logLevel}: {category[(category.LastIndexOf('.') + 1)..]}: {formatter(state, exception)}{(exception is null ? "" : $": {exception.Message}")}");
        }
    }

    private LogLevel Minimum { get; } = minimum;
}
