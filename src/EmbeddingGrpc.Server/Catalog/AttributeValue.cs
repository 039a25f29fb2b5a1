using System.Globalization;

namespace EmbeddingGrpc.Server.Catalog;

/// <summary>One attribute's value, of one of the types of <see cref="AttributeType"/>. Immutable; equal by content.</summary>
public sealed class AttributeValue : IEquatable<AttributeValue>
{
    private readonly object _value;

    private AttributeValue(AttributeType type, object value) => (Type, _value) = (type, value);

    /// <summary>What it holds.</summary>
    public AttributeType Type { get; }

    /// <summary>The text of a <see cref="AttributeType.Text"/>.</summary>
    /// <exception cref="InvalidCastException">It is of another type. So with the others.</exception>
    public string Text => (string)_value;

    /// <summary>The texts of a <see cref="AttributeType.TextSet"/>, in ordinal order.</summary>
    public IReadOnlyList<string> TextSet => (string[])_value;

    /// <summary>The number of a <see cref="AttributeType.Number"/>.</summary>
    public double Number => (double)_value;

    /// <summary>The truth of a <see cref="AttributeType.Boolean"/>.</summary>
    public bool Boolean => (bool)_value;

    /// <summary>The time of a <see cref="AttributeType.Timestamp"/>, in UTC.</summary>
    public DateTimeOffset Timestamp => (DateTimeOffset)_value;

    /// <summary>A text.</summary>
    public static AttributeValue Of(string text) => new(AttributeType.Text, text);

    /// <summary>A set of texts; one that is there twice counts once.</summary>
    public static AttributeValue Of(IEnumerable<string> texts) =>
        new(AttributeType.TextSet, texts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray());

    /// <summary>A number.</summary>
    public static AttributeValue Of(double number) => new(AttributeType.Number, number);

    /// <summary>True or false.</summary>
    public static AttributeValue Of(bool truth) => new(AttributeType.Boolean, truth);

    /// <summary>A point in time.</summary>
    public static AttributeValue Of(DateTimeOffset time) => new(AttributeType.Timestamp, time.ToUniversalTime());

    /// <inheritdoc/>
    public bool Equals(AttributeValue? other) => other is not null && Type == other.Type
        && (Type == AttributeType.TextSet ? TextSet.SequenceEqual(other.TextSet, StringComparer.Ordinal) : _value.Equals(other._value));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as AttributeValue);

    /// <inheritdoc/>
    public override int GetHashCode() => Type == AttributeType.TextSet ? TextSet.Count : _value.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() =>
        Type == AttributeType.TextSet ? $"[{string.Join(", ", TextSet)}]" : Convert.ToString(_value, CultureInfo.InvariantCulture)!;
}
