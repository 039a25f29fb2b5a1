using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using EmbeddingGrpc.Server.Hosting;

namespace EmbeddingGrpc.Server.Access;

/// <summary>
/// Reads a file of keys: one a line, <c>NAME ROLES KEY</c>, roles separated by commas. Empty lines and lines that begin with # are passed over.
/// </summary>
internal static class AccessKeysFile
{
    /// <summary>Shorter keys can be guessed.</summary>
    public const int MinimumKeyLength = 16;

    private static readonly FrozenDictionary<string, AccessRole> Roles = new Dictionary<string, AccessRole>(StringComparer.Ordinal)
    {
        ["recall"] = AccessRole.Recall,
        ["ingest"] = AccessRole.Ingest,
        ["admin"] = AccessRole.Admin,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Reads it.</summary>
    /// <returns>The holder of each key, by the key's hash in hexadecimal digits: the keys themselves are not kept.</returns>
    /// <exception cref="InvalidSettingException">A line is wrong, or the file cannot be read; the message names the line, never the key.</exception>
    public static FrozenDictionary<string, AccessKeyHolder> Read(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidSettingException($"AccessKeysFile: '{path}' cannot be read: {e.Message}");
        }

        var holders = new Dictionary<string, AccessKeyHolder>(StringComparer.Ordinal);
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            var (hash, holder) = Parse(line, problem => new InvalidSettingException($"AccessKeysFile: '{path}' line {i + 1}: {problem}"));
            if (!holders.TryAdd(hash, holder)) throw new InvalidSettingException($"AccessKeysFile: '{path}' line {i + 1}: the key of '{holder.Name}' is also that of '{holders[hash].Name}'; give each a key of its own.");
        }

        if (holders.Count == 0) throw new InvalidSettingException($"AccessKeysFile: '{path}' has no key, so nobody could call; add a line 'NAME ROLES KEY', or leave AccessKeysFile empty to let everybody in.");
        return holders.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The name under which a key is looked up. Comparing hashes tells an attacker nothing by the time it takes.</summary>
    public static string HashOf(ReadOnlySpan<char> key)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(key.Length)];
        var written = Encoding.UTF8.GetBytes(key, bytes);
        return Convert.ToHexString(SHA256.HashData(bytes.AsSpan(0, written)));
    }

    private static (string Hash, AccessKeyHolder Holder) Parse(string line, Func<string, InvalidSettingException> wrong)
    {
        var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length != 3) throw wrong($"it has {words.Length} words; write NAME ROLES KEY.");
        if (words[2].Length < MinimumKeyLength) throw wrong($"the key has {words[2].Length} characters; at least {MinimumKeyLength} are needed, such as from 'openssl rand -hex 32'.");
        var roles = AccessRole.None;
        foreach (var word in words[1].Split(','))
            roles |= Roles.TryGetValue(word, out var role) ? role : throw wrong($"'{word}' is no role; known are {string.Join(", ", Roles.Keys.Order(StringComparer.Ordinal))}.");
        return (HashOf(words[2]), new AccessKeyHolder(words[0], roles));
    }
}
