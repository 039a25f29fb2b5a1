namespace EmbeddingGrpc.EventLog.Tests.Simulation;

/// <summary>The names of one directory: as a process sees them, as they are on the platter, and the changes between.</summary>
internal sealed class SimulatedDirectory
{
    private readonly List<Action<Dictionary<string, SimulatedContent>>> _unsynced = [];
    private Dictionary<string, SimulatedContent> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SimulatedContent> _stable = new(StringComparer.Ordinal);

    public IEnumerable<string> Names => _names.Keys;

    public IEnumerable<SimulatedContent> Contents => _names.Values;

    public SimulatedContent? Find(string name) => _names.GetValueOrDefault(name);

    public SimulatedContent Create(string name)
    {
        if (_names.ContainsKey(name)) throw new IOException($"{name} exists.");
        var content = new SimulatedContent();
        Change(names => names[name] = content);
        return content;
    }

    public void Rename(string source, string destination)
    {
        if (!_names.ContainsKey(source)) throw new FileNotFoundException(source);
        Change(names =>
        {
            if (names.Remove(source, out var content)) names[destination] = content;
        });
    }

    public void Delete(string name) => Change(names => names.Remove(name));

    public void Sync()
    {
        foreach (var change in _unsynced) change(_stable);
        _unsynced.Clear();
    }

    public void LosePower(Random random)
    {
        foreach (var change in _unsynced.Where(_ => random.Next(2) == 0)) change(_stable);
        _unsynced.Clear();
        _names = new Dictionary<string, SimulatedContent>(_stable, StringComparer.Ordinal);
    }

    private void Change(Action<Dictionary<string, SimulatedContent>> change)
    {
        change(_names);
        _unsynced.Add(change);
    }
}
