using System.Globalization;
using Tenon.Core;

namespace Tenon.OpenStack.Configuration;

/// <summary>
/// Reads the options of one section into values, gathering every problem: unknown names with the nearest known one, values of the
/// wrong kind, options set twice.
/// </summary>
public sealed class OptionReader
{
    private readonly SectionDefinition _definition;
    private readonly string _title;
    private readonly List<Problem> _problems;
    private readonly Dictionary<string, List<GcfgEntry>> _entries = new(StringComparer.OrdinalIgnoreCase);

    private OptionReader(SectionDefinition definition, string title, List<Problem> problems)
        => (_definition, _title, _problems) = (definition, title, problems);

    /// <summary>Gathers the entries of one section (and subsection), which may appear several times in the file.</summary>
    /// <param name="definition">What the section may hold.</param>
    /// <param name="sections">Its appearances in the file, in order; none when it is absent.</param>
    /// <param name="problems">Takes every problem found.</param>
    public static OptionReader For(SectionDefinition definition, IEnumerable<GcfgSection> sections, List<Problem> problems)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(sections);
        ArgumentNullException.ThrowIfNull(problems);
        GcfgSection[] all = [.. sections];
        var reader = new OptionReader(definition, all is [var first, ..] ? first.Title : definition.Name, problems);
        foreach (GcfgEntry entry in all.SelectMany(s => s.Entries)) reader.Accept(entry);
        return reader;
    }

    /// <summary>The option as it should be named to a person: <c>[Section] option</c>.</summary>
    public string Field(string option) => $"[{_title}] {option}";

    /// <summary>The line where an option is set last, or <see langword="null"/> when it is not set.</summary>
    public int? Line(string option) => Last(option, null)?.Line;

    /// <summary>The line of an option named as <see cref="Field"/> names it; <see langword="null"/> when it is none of this section's, or not set.</summary>
    public int? LineOfField(string field)
    {
        ArgumentNullException.ThrowIfNull(field);
        string prefix = Field("");
        return field.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && _entries.TryGetValue(field[prefix.Length..], out List<GcfgEntry>? entries)
            ? entries[^1].Line
            : null;
    }

    /// <summary>Whether the option is set, even to the empty text.</summary>
    public bool IsSet(string option) => Last(option, null) is not null;

    /// <summary>Reports an error at an option.</summary>
    public void Error(string option, string? value, string message, string fix)
        => _problems.Add(Problem.Error(Field(option), Shown(option, value), message, fix, Line(option)));

    /// <summary>Reports a warning at an option.</summary>
    public void Warn(string option, string? value, string message, string fix)
        => _problems.Add(Problem.Warning(Field(option), Shown(option, value), message, fix, Line(option)));

    /// <summary>A text, or <see langword="null"/> when it is not set or empty.</summary>
    public string? Text(string option)
    {
        GcfgEntry? entry = Last(option, OptionKind.Text);
        if (entry is { Value: null }) Error(option, null, "the option has no value", $"Write {option} = VALUE, or remove the line.");
        return string.IsNullOrEmpty(entry?.Value) ? null : entry.Value;
    }

    /// <summary>A text with a default for when it is not set or empty.</summary>
    public string Text(string option, string otherwise) => Text(option) ?? otherwise;

    /// <summary>A secret, or <see langword="null"/> when it is not set or empty.</summary>
    public Secret? Secret(string option)
    {
        GcfgEntry? entry = Last(option, OptionKind.Secret);
        if (entry is { Value: null }) Error(option, null, "the option has no value", $"Write {option} = VALUE, or remove the line.");
        return string.IsNullOrEmpty(entry?.Value) ? null : new Secret(entry.Value);
    }

    /// <summary>A flag; the name alone means true.</summary>
    public bool Flag(string option, bool otherwise)
    {
        GcfgEntry? entry = Last(option, OptionKind.Flag);
        if (entry is null) return otherwise;
        switch (entry.Value?.ToLowerInvariant())
        {
            case null or "true" or "yes" or "on" or "1":
                return true;
            case "false" or "no" or "off" or "0":
                return false;
            default:
                Error(option, entry.Value, "the value is not true or false", "Write true or false.");
                return otherwise;
        }
    }

    /// <summary>A whole number within limits.</summary>
    public int Number(string option, int otherwise, int min, int max)
    {
        GcfgEntry? entry = Last(option, OptionKind.Number);
        if (entry is null) return otherwise;
        string text = entry.Value ?? "";
        bool isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        bool parsed = isHex
            ? int.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int number)
            : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
        string range = max == int.MaxValue ? $"of at least {min}" : $"from {min} to {max}";
        if (parsed && number >= min && number <= max) return number;
        Error(option, entry.Value, parsed ? "the number is out of range" : "the value is not a whole number", $"Write a whole number {range}.");
        return otherwise;
    }

    /// <summary>A duration within limits.</summary>
    public TimeSpan Duration(string option, TimeSpan otherwise, TimeSpan min, TimeSpan max)
    {
        GcfgEntry? entry = Last(option, OptionKind.Duration);
        if (entry is null) return otherwise;
        string range = $"Write a duration from {Durations.Format(min)} to {Durations.Format(max)}, such as {Durations.Format(otherwise == TimeSpan.Zero ? min : otherwise)}.";
        if (!Durations.TryParse(entry.Value ?? "", out TimeSpan duration))
        {
            Error(option, entry.Value, "the value is not a duration", range);
            return otherwise;
        }

        if (duration >= min && duration <= max) return duration;
        Error(option, entry.Value, "the duration is out of range", range);
        return otherwise;
    }

    /// <summary>Every value of a repeated option, in order; the name alone empties what came before.</summary>
    public EquatableArray<string> List(string option)
    {
        Require(option, OptionKind.List);
        var values = new List<string>();
        foreach (GcfgEntry entry in _entries.GetValueOrDefault(option) ?? [])
        {
            if (entry.Value is null) values.Clear();
            else if (entry.Value.Length > 0) values.Add(entry.Value);
        }

        return values.ToEquatableArray();
    }

    private void Accept(GcfgEntry entry)
    {
        OptionDefinition? option = _definition.Find(entry.Name);
        if (option is null)
        {
            string[] known = [.. _definition.Options.Where(o => o.Retired is null).Select(o => o.Name)];
            string? nearest = NearestName.Find(entry.Name, known)
                ?? known.FirstOrDefault(k => k.StartsWith($"{entry.Name}-", StringComparison.OrdinalIgnoreCase));
            _problems.Add(Problem.Warning($"[{_title}] {entry.Name}", null, "there is no such option, so it does nothing",
                nearest is null ? "Remove it." : $"Did you mean {nearest}?", entry.Line));
            return;
        }

        if (option.Retired is not null)
        {
            _problems.Add(Problem.Warning(Field(option.Name), null, "the option no longer does anything", option.Retired, entry.Line));
            return;
        }

        if (!_entries.TryGetValue(option.Name, out List<GcfgEntry>? earlier)) _entries[option.Name] = earlier = [];
        else if (option.Kind != OptionKind.List)
        {
            _problems.Add(Problem.Warning(Field(option.Name), null, $"the option is set again; line {earlier[^1].Line} set it first and is ignored",
                "Keep one of the two.", entry.Line));
        }

        earlier.Add(entry);
    }

    private string? Shown(string option, string? value) => _definition.Find(option)?.Kind == OptionKind.Secret ? null : value;

    private GcfgEntry? Last(string option, OptionKind? kind)
    {
        Require(option, kind);
        return _entries.TryGetValue(option, out List<GcfgEntry>? entries) ? entries[^1] : null;
    }

    private void Require(string option, OptionKind? kind)
    {
        OptionDefinition definition = _definition.Find(option)
            ?? throw new ArgumentException($"Section {_definition.Name} does not define {option}.", nameof(option));
        if (kind is not null && definition.Kind != kind)
            throw new ArgumentException($"{option} of section {_definition.Name} is {definition.Kind}, not {kind}.", nameof(option));
    }
}
