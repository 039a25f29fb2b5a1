using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Vectors;

/// <summary><c>--format text|binary</c> of word2vec files.</summary>
internal static class VectorFormatOption
{
    public static Option<string> Create()
    {
        var option = new Option<string>("--format")
        {
            Description = "word2vec's text or binary format, as gensim and fastText read and write it.",
            HelpName = "binary|text",
            DefaultValueFactory = _ => "text",
        };
        option.AcceptOnlyWords("text", "binary");
        return option;
    }

    public static VectorFormat Parse(string text) => text == "binary" ? VectorFormat.Word2VecBinary : VectorFormat.Word2VecText;
}
