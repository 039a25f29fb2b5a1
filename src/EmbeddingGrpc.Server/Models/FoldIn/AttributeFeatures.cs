using System.IO.Hashing;
using System.Runtime.InteropServices;
using EmbeddingGrpc.Server.Catalog;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>What of an item's attributes other items can share: texts, each text of a set, and truths, as hashes of name and value. Stateless.</summary>
/// <remarks>Numbers and times are no features: hardly two items have the same, and what is near in them need not be alike.</remarks>
internal static class AttributeFeatures
{
    /// <summary>Writes an item's features.</summary>
    /// <param name="attributes">Name to value.</param>
    /// <param name="features">Overwritten; no feature is in it twice.</param>
    public static void Read(IReadOnlyDictionary<string, AttributeValue> attributes, List<ulong> features)
    {
        features.Clear();
        foreach (var (name, value) in attributes)
        {
            switch (value.Type)
            {
                case AttributeType.Text:
                    features.Add(HashOf(name, value.Text));
                    break;
                case AttributeType.TextSet:
                    foreach (var text in value.TextSet) features.Add(HashOf(name, text));
                    break;
                case AttributeType.Boolean:
                    features.Add(HashOf(name, value.Boolean ? "true" : "false"));
                    break;
            }
        }
    }

    // The name is a seed, so that the same word is another feature under another name.
    private static ulong HashOf(string name, string text) =>
        XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan()), unchecked((long)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(name.AsSpan()))));
}
