using EmbeddingGrpc.Cli.Sources;

namespace EmbeddingGrpc.Cli.Tests.Sources;

/// <summary>What a source gives out, written down as text.</summary>
internal static class ReadLines
{
    public static List<string> ReadAll(this IInteractionSource source)
    {
        var read = new List<string>();
        for (var outcome = source.Read(); outcome != ReadOutcome.End; outcome = source.Read())
        {
            read.Add(outcome == ReadOutcome.Refused
                ? $"{source.Position.Line}: refused: {source.Problem}"
                : $"{source.Position.Line}.{source.Position.Index}: {source.UserId} {source.ItemId} {source.EventTimeMs}");
        }
        return read;
    }
}
