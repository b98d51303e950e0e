using System.Collections.Immutable;

namespace Tenon.Bench;

/// <summary>One measured number, with its budget where it has one.</summary>
/// <param name="Name">What was measured, in the field's words.</param>
/// <param name="Value">The value.</param>
/// <param name="Unit"><c>calls</c>, <c>s</c>, <c>MB</c>, <c>x</c> or empty.</param>
/// <param name="Limit">The most that it may be; <see langword="null"/> when it is only for information.</param>
internal sealed record Figure(string Name, double Value, string Unit, double? Limit = null)
{
    /// <summary>Whether it keeps within its budget.</summary>
    public bool Ok => Limit is not { } limit || Value <= limit;
}

/// <summary>What a case measured.</summary>
internal sealed record CaseResult(string Case, ImmutableArray<Figure> Figures)
{
    /// <summary>Whether every figure keeps within its budget.</summary>
    public bool Ok => Figures.All(f => f.Ok);
}

/// <summary>A thing that is measured.</summary>
/// <param name="Name">The case's name, which the filter matches.</param>
/// <param name="RunAsync">Measures it.</param>
internal sealed record BenchCase(string Name, Func<BenchContext, CancellationToken, Task<CaseResult>> RunAsync);

/// <summary>What every case gets.</summary>
/// <param name="TenonBinary">The program that is measured.</param>
/// <param name="Say">Prints progress.</param>
internal sealed record BenchContext(string TenonBinary, Action<string> Say);
