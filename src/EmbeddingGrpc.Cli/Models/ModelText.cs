using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Models;

/// <summary>A model in full, for people.</summary>
internal static class ModelText
{
    public static void WriteModel(this CommandConsole console, Model model)
    {
        List<IReadOnlyList<string>> rows =
        [
            ["name", model.Name],
            ["events from", model.EventsFrom.Length > 0 ? model.EventsFrom : "its own log"],
            ["durable", $"{model.DurableOffset:N0} interactions"],
            ["applied", $"{model.AppliedOffset:N0}"],
            ["trained", $"{model.TrainedOffset:N0}"],
            ["users", $"{model.UserCount:N0}"],
            ["serving", Describe(model.Serving)],
            ["training", model.Training ? "yes" : "no"],
        ];
        foreach (var (name, value) in model.Options.OrderBy(option => option.Key, StringComparer.Ordinal)) rows.Add([name, value]);
        console.WriteRows(["property", "value"], rows);
        WritePending(console, model);
    }

    /// <summary>Says which options are set and not in force.</summary>
    public static void WritePending(CommandConsole console, Model model)
    {
        if (model.NeedsTraining.Count > 0) console.WriteWarning($"in force after 'embedctl train --model {model.Name}': {string.Join(", ", model.NeedsTraining)}");
        if (model.NeedsRestart.Count > 0) console.WriteWarning($"in force after a restart of the daemon: {string.Join(", ", model.NeedsRestart)}");
    }

    /// <summary>A generation in a few words.</summary>
    public static string Describe(Generation? generation) =>
        generation is null ? "none: train it or import vectors" : $"generation {generation.Number} ({generation.Id}), {generation.ItemCount:N0} items x {generation.Dimension}";
}
