namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>Steps of tidying up: each is taken whatever became of those before it, and all that failed is told at the end.</summary>
internal sealed class Attempts
{
    private readonly List<Exception> _failures = [];

    /// <summary>Takes a step.</summary>
    public async Task MakeAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception exception)
        {
            _failures.Add(exception);
        }
    }

    /// <summary>Throws what failed.</summary>
    public void Conclude()
    {
        if (_failures.Count > 0) throw new AggregateException(_failures);
    }
}
