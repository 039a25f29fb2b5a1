using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace EmbeddingGrpc.Server.Models.Settings;

/// <summary>One option of a model: what it is called, what it may be and when it takes effect. Immutable.</summary>
public sealed class OptionDescriptor
{
    private readonly PropertyInfo[] _path;
    private readonly TypeConverter _converter;

    internal OptionDescriptor(IReadOnlyList<PropertyInfo> path, OptionEffect effect)
    {
        _path = [.. path];
        var property = _path[^1];
        Name = string.Join('.', _path.Select(step => step.Name));
        Effect = effect;
        ValueType = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        IsOptional = Nullable.GetUnderlyingType(property.PropertyType) is not null;
        Range = property.GetCustomAttribute<RangeAttribute>();
        _converter = TypeDescriptor.GetConverter(property.PropertyType);
    }

    /// <summary>The name, such as <c>Training.Dimension</c>; in a configuration file the dots are sections.</summary>
    public string Name { get; }

    /// <summary>When a change takes effect.</summary>
    public OptionEffect Effect { get; }

    /// <summary>The type of its values.</summary>
    public Type ValueType { get; }

    /// <summary>Whether it may have no value: then an empty text takes it away.</summary>
    public bool IsOptional { get; }

    /// <summary>Its bounds; null where the type is bound enough.</summary>
    public RangeAttribute? Range { get; }

    /// <summary>The values of an enumeration; empty for other types.</summary>
    public IReadOnlyList<string> AllowedValues => ValueType.IsEnum ? Enum.GetNames(ValueType) : [];

    /// <summary>Its value as text; empty where it has none.</summary>
    public string Read(ModelOptions options) => ValueOf(options) is { } value ? _converter.ConvertToInvariantString(value)! : string.Empty;

    /// <summary>What is wrong with a text as its value; null where nothing is.</summary>
    public string? Check(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length == 0 && IsOptional) return null;
        object? value;
        try
        {
            value = _converter.ConvertFromInvariantString(text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or NotSupportedException or OverflowException)
        {
            return $"is '{text}'; must be {Expected}";
        }

        var valid = value is not null && (!ValueType.IsEnum || Enum.IsDefined(ValueType, value)) && Range?.IsValid(value) is not false;
        return valid ? null : $"is '{text}'; must be {Expected}";
    }

    private string Expected => ValueType switch
    {
        { IsEnum: true } => $"one of {string.Join(", ", AllowedValues)}",
        _ when Range is not null => string.Create(CultureInfo.InvariantCulture, $"{Kind}, {Range.Minimum} to {Range.Maximum}"),
        _ => Kind,
    };

    private string Kind => Type.GetTypeCode(ValueType) switch
    {
        TypeCode.Boolean => "true or false",
        TypeCode.Double or TypeCode.Single => "a number",
        TypeCode.Object when ValueType == typeof(TimeSpan) => "a duration such as 00:30:00 or 30.00:00:00",
        _ => "a whole number",
    };

    private object? ValueOf(ModelOptions options)
    {
        object? value = options;
        foreach (var step in _path) value = step.GetValue(value);
        return value;
    }
}
