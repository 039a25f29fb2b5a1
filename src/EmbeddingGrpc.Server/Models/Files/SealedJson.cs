using System.IO.Hashing;
using System.Text;

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>A JSON file that carries the checksum of its own bytes, taken with the checksum's digits as zeros. Stateless.</summary>
internal static class SealedJson
{
    /// <summary>Value of the checksum's property while the checksum is taken.</summary>
    public const string Blank = "0000000000000000";

    /// <summary>Puts the checksum in. The text holds <see cref="Blank"/> once, as a string.</summary>
    public static byte[] Seal(byte[] blank) => Replace(blank, Blank, ChecksumOf(blank));

    /// <summary>Whether nothing has changed since <see cref="Seal"/>.</summary>
    public static bool IsIntact(byte[] sealedBytes, string checksum) => ChecksumOf(Replace(sealedBytes, checksum, Blank)) == checksum;

    private static byte[] Replace(byte[] bytes, string from, string to) =>
        Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bytes).Replace($"\"{from}\"", $"\"{to}\"", StringComparison.Ordinal));

    private static string ChecksumOf(byte[] bytes) => GenerationInfo.TextOf(XxHash3.HashToUInt64(bytes));
}
