using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using EmbeddingGrpc.Server.Models.Files;

namespace EmbeddingGrpc.Server.Catalog.Erasure;

/// <summary>
/// Which erasures of a stream are under way: an empty file each, named by the keyed hash of the user, beside the key; in memory the users
/// themselves. Any number of threads; one at a time for each user.
/// </summary>
internal sealed class ErasureJournal
{
    private const string KeyFileName = "key";
    private const int KeyBytes = 32;
    private const int HashCharacters = 2 * HMACSHA256.HashSizeInBytes;

    private readonly NoteFiles _notes;
    private readonly Lazy<byte[]> _key;
    private readonly ConcurrentDictionary<string, string> _users = new(StringComparer.Ordinal);

    /// <summary>Opens the journal in a directory, which is made with the first erasure.</summary>
    public ErasureJournal(string directory, DurableFiles files)
    {
        _notes = new NoteFiles(directory, files);
        _key = new Lazy<byte[]>(OpenKey, LazyThreadSafetyMode.PublicationOnly);
        Interrupted = _notes.Names(name => name.Length == HashCharacters && name.All(char.IsAsciiHexDigitLower));
    }

    /// <summary>Names of erasures that were under way when the journal was closed.</summary>
    public IReadOnlyList<string> Interrupted { get; }

    /// <summary>The name of an erasure: its hash in hexadecimal digits.</summary>
    public static string NameOf(ReadOnlySpan<byte> hash) => Convert.ToHexStringLower(hash);

    /// <summary>The hash of a user under this stream's key: without the key nobody can tell who was erased by trying names.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public byte[] HashOf(string userId) => HMACSHA256.HashData(_key.Value, Encoding.UTF8.GetBytes(userId));

    /// <summary>Notes an erasure, durably.</summary>
    /// <returns>The user's hash.</returns>
    /// <exception cref="IOException">The disk refused.</exception>
    public byte[] Begin(string userId)
    {
        var hash = HashOf(userId);
        var name = NameOf(hash);
        _notes.Write(name, []);
        _users[name] = userId;
        return hash;
    }

    /// <summary>The user whose erasure with this hash is under way.</summary>
    public bool TryGetUser(ReadOnlySpan<byte> hash, [NotNullWhen(true)] out string? userId) => _users.TryGetValue(NameOf(hash), out userId);

    /// <summary>Takes an erasure off.</summary>
    /// <exception cref="IOException">The disk refused; it is finished again at the next start, which is harmless.</exception>
    public void Finish(string name)
    {
        _notes.TakeOff(name);
        _users.TryRemove(name, out _);
    }

    private byte[] OpenKey()
    {
        var path = _notes.PathOf(KeyFileName);
        if (!File.Exists(path)) _notes.Write(KeyFileName, RandomNumberGenerator.GetBytes(KeyBytes));
        var key = File.ReadAllBytes(path);
        return key.Length == KeyBytes ? key : throw new IOException($"The key '{path}' has {key.Length} bytes instead of {KeyBytes}: restore it.");
    }
}
