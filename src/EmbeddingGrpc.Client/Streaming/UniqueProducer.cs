using System.Globalization;

namespace EmbeddingGrpc.Client.Streaming;

/// <summary>Names for streams that need no memory beyond themselves.</summary>
internal static class UniqueProducer
{
    /// <summary>Tells an operator where the stream comes from, and is never drawn twice.</summary>
    public static string Name() => string.Create(
        CultureInfo.InvariantCulture, $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():N}");
}
