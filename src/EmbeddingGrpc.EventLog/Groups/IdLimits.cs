namespace EmbeddingGrpc.EventLog.Groups;

/// <summary>How long an id may be. The reader relies on it: without a limit a few damaged bytes could ask for gigabytes.</summary>
internal static class IdLimits
{
    public const int MaximumBytes = 256;
}
