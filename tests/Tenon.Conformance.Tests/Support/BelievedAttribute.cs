using Xunit.v3;

namespace Tenon.Conformance.Tests.Support;

/// <summary>
/// Marks a case about something that was believed of the services and turned out different. The case holds what is true; the text says what was
/// believed. <c>-trait believed</c> lists them.
/// </summary>
/// <param name="belief">What was believed, in a line.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BelievedAttribute(string belief) : Attribute, ITraitAttribute
{
    /// <summary>What was believed.</summary>
    public string Belief { get; } = belief;

    /// <inheritdoc/>
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("believed", Belief)];
}
