namespace Tenon.OpenStack.Configuration;

/// <summary>What the text of an option must be.</summary>
public enum OptionKind
{
    /// <summary>Any text.</summary>
    Text,

    /// <summary>Any text, never shown.</summary>
    Secret,

    /// <summary><c>true</c>, <c>yes</c>, <c>on</c>, <c>1</c> or the name alone; <c>false</c>, <c>no</c>, <c>off</c>, <c>0</c>.</summary>
    Flag,

    /// <summary>A whole number, decimal or with <c>0x</c>.</summary>
    Number,

    /// <summary>A duration such as <c>5s</c> or <c>1m30s</c>; a plain number counts seconds.</summary>
    Duration,

    /// <summary>Text that may be given on several lines, each adding one.</summary>
    List,
}

/// <summary>One option that a section may hold.</summary>
/// <param name="Name">Its name, in lower case with hyphens.</param>
/// <param name="Kind">What its text must be.</param>
/// <param name="Default">Its value when it is not set, as the documentation shows it; empty for none.</param>
/// <param name="Retired">What to tell whoever sets it, when it no longer does anything; <see langword="null"/> for an option that does.</param>
public sealed record OptionDefinition(string Name, OptionKind Kind, string Default = "", string? Retired = null);

/// <summary>One section that a configuration may hold, with its options.</summary>
/// <param name="Name">Its name as the documentation writes it.</param>
/// <param name="HasSubsections">Whether its header takes a quoted name.</param>
/// <param name="Options">The options it knows.</param>
/// <param name="Ignored">Why the section is accepted but does nothing here; <see langword="null"/> when it does something.</param>
public sealed record SectionDefinition(string Name, bool HasSubsections, IReadOnlyList<OptionDefinition> Options, string? Ignored = null)
{
    /// <summary>The definition of an option, or <see langword="null"/> when the section does not know it.</summary>
    public OptionDefinition? Find(string name) => Options.FirstOrDefault(o => GcfgDocument.SameName(o.Name, name));
}
