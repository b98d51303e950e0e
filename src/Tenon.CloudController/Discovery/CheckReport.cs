using Tenon.Core;

namespace Tenon.CloudController.Discovery;

/// <summary>How something was found.</summary>
public enum CheckStatus
{
    /// <summary>All is well.</summary>
    Ok,

    /// <summary>It works, but something is missing or near its limit.</summary>
    Warning,

    /// <summary>It does not work.</summary>
    Failed,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Group"><c>identity</c>, <c>services</c>, <c>extensions</c>, <c>quotas</c> or <c>nodes</c>.</param>
/// <param name="Name">What was looked at.</param>
/// <param name="Status">How it was found.</param>
/// <param name="Value">What was found.</param>
/// <param name="Note">What it means, or what to do; empty when all is well.</param>
public sealed record CheckItem(string Group, string Name, CheckStatus Status, string Value, string Note);

/// <summary>Whether a cloud can serve a cluster, and what was found on the way.</summary>
public sealed record CheckReport
{
    /// <summary>Everything that was looked at.</summary>
    public required EquatableArray<CheckItem> Items { get; init; }

    /// <summary>The choices that were made for options that are not set.</summary>
    public required EquatableArray<Choice> Choices { get; init; }

    /// <summary>Problems of the configuration in this cloud.</summary>
    public required EquatableArray<Problem> Problems { get; init; }

    /// <summary>The gravest of all that was found.</summary>
    public CheckStatus Verdict => Items.Select(i => i.Status)
        .Concat(Problems.Select(p => p.Severity == ProblemSeverity.Error ? CheckStatus.Failed : CheckStatus.Warning))
        .DefaultIfEmpty(CheckStatus.Ok).Max();

    /// <summary>The verdict as one sentence.</summary>
    public string Summary
    {
        get
        {
            int failed = Items.Count(i => i.Status == CheckStatus.Failed) + Problems.Count(p => p.Severity == ProblemSeverity.Error);
            int warned = Items.Count(i => i.Status == CheckStatus.Warning) + Problems.Count(p => p.Severity == ProblemSeverity.Warning);
            return Verdict switch
            {
                CheckStatus.Failed => $"Not ready: {Counted(failed, "problem")} must be mended first{(warned > 0 ? $", and {Counted(warned, "warning")}" : "")}.",
                CheckStatus.Warning => $"Ready, with {Counted(warned, "warning")}.",
                _ => "Ready.",
            };
        }
    }

    private static string Counted(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
