using System.Collections.Frozen;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// The models of this daemon by name. Readers take an immutable snapshot and no lock; changes are few and take one.
/// </summary>
public sealed class ModelRegistry
{
    /// <summary>The name that an empty one stands for. The default model exists from the start.</summary>
    public const string DefaultModel = "default";

    private readonly Lock _changes = new();
    private FrozenDictionary<string, ModelRuntime> _models = FrozenDictionary<string, ModelRuntime>.Empty;
    private FrozenDictionary<string, Exception> _failures = FrozenDictionary<string, Exception>.Empty;

    /// <summary>All models that are open, by name.</summary>
    public IReadOnlyCollection<ModelRuntime> Models => [.. Volatile.Read(ref _models).Values.OrderBy(model => model.Name, StringComparer.Ordinal)];

    /// <summary>Why models that exist could not be opened, by name.</summary>
    public IReadOnlyDictionary<string, Exception> Failures => Volatile.Read(ref _failures);

    /// <summary>Finds a model; an empty name means <see cref="DefaultModel"/>.</summary>
    /// <exception cref="ModelNotFoundException">No such model.</exception>
    /// <exception cref="ModelUnavailableException">It exists and could not be opened, or is not open yet.</exception>
    public ModelRuntime Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length == 0) name = DefaultModel;
        var models = Volatile.Read(ref _models);
        if (models.TryGetValue(name, out var model)) return model;
        if (Volatile.Read(ref _failures).TryGetValue(name, out var failure)) throw new ModelUnavailableException(name, failure.Message, failure);
        if (name == DefaultModel) throw new ModelUnavailableException(name, "The daemon is still opening it, or is shutting down.");
        throw new ModelNotFoundException(name, models.Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>Finds a model that takes events; an empty name means <see cref="DefaultModel"/>.</summary>
    /// <exception cref="ModelNotFoundException">No such model.</exception>
    /// <exception cref="ModelUnavailableException">It exists and could not be opened, or is not open yet.</exception>
    /// <exception cref="ModelPreconditionException">It is fed by another model's events; says which.</exception>
    public ModelRuntime GetForEvents(string name)
    {
        var model = Get(name);
        if (model.EventsFrom is not { } source) return model;
        throw new ModelPreconditionException("FED_BY_ANOTHER_MODEL", $"Model '{model.Name}' takes no events: it is fed by those of model '{source}'. Send them there.");
    }

    /// <summary>Adds a model that is open. It replaces the failure of an earlier try.</summary>
    /// <exception cref="ArgumentException">A model of that name is there already.</exception>
    public void Add(ModelRuntime model)
    {
        ArgumentNullException.ThrowIfNull(model);
        lock (_changes)
        {
            if (_models.ContainsKey(model.Name)) throw new ArgumentException($"Model '{model.Name}' exists already.", nameof(model));
            Volatile.Write(ref _failures, Without(_failures, model.Name));
            Volatile.Write(ref _models, _models.Append(new(model.Name, model)).ToFrozenDictionary(StringComparer.Ordinal));
        }
    }

    /// <summary>Remembers why a model that exists could not be opened.</summary>
    public void AddFailure(string name, Exception failure)
    {
        lock (_changes) Volatile.Write(ref _failures, Without(_failures, name).Append(new(name, failure)).ToFrozenDictionary(StringComparer.Ordinal));
    }

    /// <summary>Takes a model out. Calls that hold it go on; the caller disposes it.</summary>
    /// <returns>Null where no such model is open.</returns>
    public ModelRuntime? Remove(string name)
    {
        lock (_changes)
        {
            Volatile.Write(ref _failures, Without(_failures, name));
            if (!_models.TryGetValue(name, out var model)) return null;
            Volatile.Write(ref _models, Without(_models, name));
            return model;
        }
    }

    private static FrozenDictionary<string, TValue> Without<TValue>(FrozenDictionary<string, TValue> all, string name) =>
        all.ContainsKey(name) ? all.Where(pair => pair.Key != name).ToFrozenDictionary(StringComparer.Ordinal) : all;
}
