using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;

namespace EmbeddingGrpc.Cli.Models;

/// <summary><c>--preset</c> of a model: the option Preset by the words that <c>train-file</c> has for it.</summary>
internal static class PresetOption
{
    // As the daemon calls it.
    private const string Name = "Preset";

    public static Option<string?> Create()
    {
        var option = new Option<string?>("--preset")
        {
            Description = "Training options that belong together, where --set does not set them. recommendation: for what users do. word2vec: the word2vec program's, for text.",
            HelpName = "recommendation|word2vec",
        };
        option.AcceptOnlyWords("recommendation", "word2vec");
        return option;
    }

    /// <summary>Adds what was given to the options by name.</summary>
    public static Dictionary<string, string> AddTo(Dictionary<string, string> options, string? preset)
    {
        if (preset is not null) options[Name] = preset == "word2vec" ? "Word2vec" : "Recommendation";
        return options;
    }
}
