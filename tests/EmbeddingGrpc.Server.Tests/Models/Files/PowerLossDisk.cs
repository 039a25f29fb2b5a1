using EmbeddingGrpc.Server.Models.Files;
using static EmbeddingGrpc.Server.Models.Files.DurableAction;

namespace EmbeddingGrpc.Server.Tests.Models.Files;

/// <summary>
/// A directory of the machine's disk that at a loss of power keeps only what was synced: any write, and any change of a name, that was not may or may not have
/// happened, in any combination. It watches what <see cref="DurableFiles"/> asks for and knows from that what is on the platter. One thread.
/// </summary>
internal sealed class PowerLossDisk
{
    private const int Sector = 512;

    private readonly string _root;
    private readonly Folder _platter;
    private readonly Dictionary<string, Node> _current = new(StringComparer.Ordinal);
    private DurableStep? _doing;
    private int _begun;

    /// <summary>What lies in the directory by now is on the platter.</summary>
    public PowerLossDisk(string root)
    {
        _root = root;
        _platter = (Folder)Load(root);
        Files = new DurableFiles(Begin);
    }

    public DurableFiles Files { get; }

    /// <summary>The step before which the power goes; null lets every step happen.</summary>
    public int? CrashAt { get; init; }

    /// <summary>Steps that were begun.</summary>
    public int Steps => _begun;

    /// <summary>Makes the directory what a machine finds that starts again.</summary>
    public void LosePower(Random random)
    {
        if (CrashAt is null) Settle();
        foreach (var (path, node) in _current)
        {
            if (node is Document document) document.LosePower(File.Exists(path) ? File.ReadAllBytes(path) : [], random);
            else ((Folder)node).LosePower(random);
        }

        Directory.Delete(_root, recursive: true);
        _platter.WriteTo(_root);
    }

    // A step has happened when the next one begins; the one that the crash comes before has not.
    private void Begin(DurableStep step)
    {
        Settle();
        if (_begun == CrashAt) throw new SimulatedCrashException();
        _begun++;
        _doing = step;
    }

    private void Settle()
    {
        if (_doing is not { } step) return;
        _doing = null;
        if (step.Action == SyncFile) ((Document)_current[step.Path]).Sync(File.ReadAllBytes(step.Path));
        else if (step.Action == SyncDirectory) Find(step.Path)?.Sync();
        else Change(step);
    }

    private void Change(DurableStep step)
    {
        var (name, parent) = (Path.GetFileName(step.Path), (Folder)_current[Path.GetDirectoryName(step.Path)!]);
        switch (step.Action)
        {
            case CreateDirectory:
                Add(new Folder());
                break;
            case WriteFile:
                Add(new Document());
                break;
            case DeleteDirectory:
                // Emptied first, then removed: some of it may be left.
                foreach (var (path, _) in Below(step.Path))
                {
                    var (folder, file) = ((Folder)_current[Path.GetDirectoryName(path)!], Path.GetFileName(path));
                    folder.Pending.Add(names => names.Remove(file));
                }

                parent.Pending.Add(names => names.Remove(name));
                break;
            case Rename:
                // Names are only ever given to, or taken from, what has the temporary one.
                var source = name.StartsWith(DurableFiles.TemporaryPrefix, StringComparison.Ordinal) ? name[DurableFiles.TemporaryPrefix.Length..] : DurableFiles.TemporaryPrefix + name;
                parent.Pending.Add(names =>
                {
                    if (names.Remove(source, out var node)) names[name] = node;
                });
                Move(Path.Combine(Path.GetDirectoryName(step.Path)!, source), step.Path);
                break;
        }

        void Add(Node node)
        {
            _current[step.Path] = node;
            parent.Pending.Add(names => names[name] = node);
        }
    }

    private void Move(string source, string destination)
    {
        foreach (var (path, node) in Below(source).Append(new(source, _current[source])))
        {
            _current.Remove(path);
            _current[destination + path[source.Length..]] = node;
        }
    }

    private List<KeyValuePair<string, Node>> Below(string directory) =>
        [.. _current.Where(each => each.Key.StartsWith(directory + Path.DirectorySeparatorChar, StringComparison.Ordinal))];

    private Folder? Find(string path) => _current.GetValueOrDefault(path) as Folder;

    private Node Load(string path)
    {
        Node node;
        if (File.Exists(path))
        {
            node = new Document(File.ReadAllBytes(path));
        }
        else
        {
            var folder = new Folder();
            foreach (var entry in Directory.EnumerateFileSystemEntries(path)) folder.Names[Path.GetFileName(entry)] = Load(entry);
            node = folder;
        }

        return _current[path] = node;
    }

    private abstract class Node
    {
        public abstract void WriteTo(string path);
    }

    private sealed class Folder : Node
    {
        public Dictionary<string, Node> Names { get; } = new(StringComparer.Ordinal);

        public List<Action<Dictionary<string, Node>>> Pending { get; } = [];

        public void Sync()
        {
            foreach (var change in Pending) change(Names);
            Pending.Clear();
        }

        public void LosePower(Random random)
        {
            foreach (var change in Pending.Where(_ => random.Next(2) == 0)) change(Names);
            Pending.Clear();
        }

        public override void WriteTo(string path)
        {
            Directory.CreateDirectory(path);
            foreach (var (name, node) in Names) node.WriteTo(Path.Combine(path, name));
        }
    }

    private sealed class Document : Node
    {
        private byte[] _bytes;
        private bool _synced;

        public Document() => _bytes = [];

        public Document(byte[] bytes) => (_bytes, _synced) = (bytes, true);

        public void Sync(byte[] bytes) => (_bytes, _synced) = (bytes, true);

        /// <summary>Of bytes that were never synced any sector may be missing, at the end or within.</summary>
        public void LosePower(byte[] written, Random random)
        {
            if (_synced) return;
            _bytes = random.Next(3) == 0 ? written : written[..random.Next(written.Length + 1)];
            for (var at = 0; at < _bytes.Length; at += Sector)
            {
                if (random.Next(4) == 0) _bytes.AsSpan(at, Math.Min(Sector, _bytes.Length - at)).Clear();
            }
        }

        public override void WriteTo(string path) => File.WriteAllBytes(path, _bytes);
    }
}
